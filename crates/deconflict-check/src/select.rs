//! Which rules run.

use deconflict_config::Config;
use deconflict_findings::RuleMeta;

use crate::Options;

/// True when `meta` runs: on by default or set in the configuration, not off there, and chosen by the options.
pub(crate) fn runs(meta: &RuleMeta, config: &Config, options: &Options) -> bool {
    let named = |names: &[String]| names.iter().any(|name| name == meta.id || name == meta.family());
    let on = match config.rules.get(meta.id) {
        Some(setting) => !setting.off,
        None => meta.default_on || named(&options.only),
    };
    on && (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
}

/// True when a rule of this id could have found something. One that is gone never does, which is as certain.
pub(crate) fn ran(id: &str, config: &Config, options: &Options) -> bool {
    let rules = crate::rules();
    let rule = rules.iter().find(|rule| rule.id == id);
    rule.is_none_or(|rule| runs(rule, config, options))
}

//! Who the platform is: the owner of `layout.infra`.

use deconflict_claims::Placed;
use deconflict_config::Config;

/// True for what a directory of `layout.infra` deploys.
pub(crate) fn is_infrastructure(config: &Config, placed: &Placed<'_>) -> bool {
    let root = placed.placement.root.as_ref();
    let below_top = root.and_then(|root| root.below(&config.top));
    below_top.is_some_and(|path| config.layout.infra.iter().any(|glob| glob.covers(&path)))
}

/// True for two spellings of one team: CODEOWNERS writes `@org/team`.
pub(crate) fn same_team(one: &str, other: &str) -> bool {
    let bare = |name: &str| {
        let name = name.trim_start_matches('@');
        name.rsplit('/').next().unwrap_or(name).to_lowercase()
    };
    bare(one) == bare(other)
}

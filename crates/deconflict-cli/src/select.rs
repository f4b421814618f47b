//! `--only` and `--skip`: names of rules and families, checked before anything is read.

use deconflict_findings::RuleMeta;

use deconflict_findings::closest;

/// `names` as given, if each is a rule or a family.
pub(crate) fn known(names: &[String], rules: &[&RuleMeta]) -> Result<(), String> {
    for name in names {
        if !rules.iter().any(|rule| rule.id == name || rule.family() == name) {
            let candidates = rules.iter().flat_map(|rule| [rule.id, rule.family()]);
            return Err(unknown("rule or family", name, candidates));
        }
    }
    Ok(())
}

/// The rule with this id.
pub(crate) fn rule<'r>(id: &str, rules: &[&'r RuleMeta]) -> Result<&'r RuleMeta, String> {
    match rules.iter().find(|rule| rule.id == id) {
        Some(rule) => Ok(rule),
        None => Err(unknown("rule", id, rules.iter().map(|rule| rule.id))),
    }
}

/// `names` as given, if each is one of `all`.
pub(crate) fn one_of(what: &str, names: &[String], all: &[&str]) -> Result<(), String> {
    match names.iter().find(|name| !all.contains(&name.as_str())) {
        Some(name) => Err(format!("no {what} `{name}`; there are {}", all.join(", "))),
        None => Ok(()),
    }
}

fn unknown<'c>(what: &str, name: &str, candidates: impl Iterator<Item = &'c str>) -> String {
    let all: Vec<&str> = candidates.collect();
    // A part of a name is what people remember; only then it may be a typing error.
    let mut holding: Vec<&str> = all.iter().copied().filter(|id| id.contains(name)).collect();
    holding.sort_unstable();
    holding.dedup();
    if let (1..=5, true) = (holding.len(), name.len() > 2) {
        let quoted: Vec<String> = holding.iter().map(|id| format!("`{id}`")).collect();
        return format!("no {what} `{name}`; did you mean {}?", quoted.join(" or "));
    }
    match closest(name, all) {
        Some(hint) => format!("no {what} `{name}`; did you mean `{hint}`?"),
        None => format!("no {what} `{name}`; `deconflict rules` lists them all"),
    }
}

#[cfg(test)]
mod tests {
    use deconflict_findings::{RuleMeta, Severity};

    use super::{known, one_of, rule};

    const PORT: RuleMeta = RuleMeta {
        id: "net-nodeport-taken",
        summary: "",
        docs: "",
        severity: Severity::Error,
        joins: true,
        default_on: true,
        since: "0.1.0",
        file: file!(),
        line: line!(),
    };

    #[test]
    fn names_are_checked_before_anything_is_read() {
        let check = |names: &[&str], want: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let got = known(&names, &[&PORT]).err().unwrap_or_default();
            assert_eq!(got, want, "{names:?}");
        };
        check(&["net", "net-nodeport-taken"], "");
        check(
            &["net-nodport-taken"],
            "no rule or family `net-nodport-taken`; did you mean `net-nodeport-taken`?",
        );
        check(
            &["nodeport"],
            "no rule or family `nodeport`; did you mean `net-nodeport-taken`?",
        );
        check(&["nett"], "no rule or family `nett`; did you mean `net`?");
        check(
            &["zzz-zzzz"],
            "no rule or family `zzz-zzzz`; `deconflict rules` lists them all",
        );
        assert!(rule("net", &[&PORT]).is_err());
        // What it begins is nearer than what is spelled alike.
        let near = RuleMeta {
            id: "api-node-port",
            ..PORT
        };
        let message = rule("net-nodeport", &[&near, &PORT]).err().unwrap_or_default();
        assert_eq!(
            message,
            "no rule `net-nodeport`; did you mean `net-nodeport-taken`?"
        );
        assert!(one_of("reason", &["helmm".to_owned()], &["helm"]).is_err());
    }
}

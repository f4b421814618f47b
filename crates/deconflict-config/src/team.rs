//! When two names mean one team.

use smol_str::SmolStr;

/// A team's name for comparing: `@org/` and `@` taken off, lower case. GitHub's and GitLab's team names know no case.
pub fn team_key(name: &str) -> SmolStr {
    SmolStr::from(team_name(name).to_lowercase())
}

/// A team's name as people say it: `@org/` and `@` taken off. A group of GitLab (`@org/unit/team`) keeps its last part.
pub fn team_name(owner: &str) -> &str {
    match owner.strip_prefix('@') {
        Some(handle) => handle.rsplit(['/', '@']).next().unwrap_or(handle),
        None => owner,
    }
}

#[cfg(test)]
mod tests {
    use super::{team_key, team_name};

    #[test]
    fn one_team_has_many_spellings() {
        let check = |text: &str, name: &str, key: &str| {
            assert_eq!((team_name(text), team_key(text).as_str()), (name, key), "{text}");
        };
        check("payments", "payments", "payments");
        check("@acme/Payments", "Payments", "payments");
        check("@acme/unit/payments", "payments", "payments");
        check("@ada", "ada", "ada");
        check("@@maintainer", "maintainer", "maintainer");
        check("ada@acme.example", "ada@acme.example", "ada@acme.example");
        check("a/b", "a/b", "a/b");
    }
}

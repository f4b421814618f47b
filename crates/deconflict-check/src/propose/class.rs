//! What a cluster's name says about its class.

/// Words in names and the class they speak of, the first that is found counts: `preprod` is no `prod`.
const WORDS: [(&[&str], &str); 3] = [
    (
        &[
            "preprod",
            "preproduction",
            "nonprod",
            "nonproduction",
            "staging",
            "stage",
            "stg",
            "uat",
            "qa",
            "acceptance",
        ],
        "staging",
    ),
    (&["production", "prod", "prd", "live"], "production"),
    (
        &[
            "development",
            "dev",
            "develop",
            "test",
            "testing",
            "tst",
            "sandbox",
            "sbx",
            "integration",
            "local",
            "demo",
            "ephemeral",
            "preview",
            "minikube",
            "k3d",
        ],
        "development",
    ),
];

/// The class that a name speaks of.
pub(super) fn class_of(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect();
    let pairs: Vec<String> = words.windows(2).map(<[&str]>::concat).collect();
    let says = |wanted: &str| words.contains(&wanted) || pairs.iter().any(|pair| pair == wanted);
    WORDS
        .iter()
        .find(|(wanted, _)| wanted.iter().any(|word| says(word)))
        .map(|(_, class)| *class)
}

/// True for a name that only speaks of an environment: no team and no application is called so.
pub(super) fn is_environment(name: &str) -> bool {
    let lower = name.to_lowercase();
    let word = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    WORDS.iter().any(|(words, _)| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::{class_of, is_environment};

    #[test]
    fn classes_of_names() {
        let check = |name: &str, want: Option<&str>| assert_eq!(class_of(name), want, "{name}");
        check("prod", Some("production"));
        check("prod-eu", Some("production"));
        check("eu_PRD1", Some("production"));
        check("stone-prod-p01", Some("production"));
        check("preprod", Some("staging"));
        check("pre-prod-eu", Some("staging"));
        check("non-prod", Some("staging"));
        check("staging", Some("staging"));
        check("dev2", Some("development"));
        check("kind-local", Some("development"));
        check("oci-ci-cd", None);
        check("product", None);
        check("nas", None);
        check("device", None);
    }

    #[test]
    fn environments() {
        assert!(is_environment("prod"));
        assert!(is_environment("dev-2"));
        assert!(!is_environment("prod-eu"));
        assert!(!is_environment("payments"));
    }
}

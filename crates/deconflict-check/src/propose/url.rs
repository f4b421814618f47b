//! When two URLs mean one Git repository.

/// The URL without what does not tell repositories apart: scheme, user, port, case of the host, `.git`. `None` for a
/// template.
pub(super) fn repository_key(url: &str) -> Option<String> {
    let url = url.trim();
    if url.is_empty() || url.contains("{{") || url.contains("${") {
        return None;
    }
    let (has_scheme, rest) = match url.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, url),
    };
    let (authority, path) = match (rest.find('/'), rest.find(':')) {
        // git@host:org/repository
        (slash, Some(colon)) if !has_scheme && slash.is_none_or(|slash| colon < slash) => {
            (&rest[..colon], &rest[colon + 1..])
        }
        (Some(slash), _) => (&rest[..slash], &rest[slash + 1..]),
        (None, _) => return None,
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).to_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (host.contains('.') && !path.is_empty()).then(|| format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::repository_key;

    #[test]
    fn one_repository_has_many_urls() {
        let check = |url: &str, want: Option<&str>| {
            assert_eq!(repository_key(url).as_deref(), want, "{url}");
        };
        for url in [
            "https://github.com/acme/gitops",
            "https://GitHub.com/acme/gitops.git",
            "https://token@github.com/acme/gitops/",
            "ssh://git@github.com:22/acme/gitops.git",
            "git@github.com:acme/gitops.git",
            "git@github.com/acme/gitops",
        ] {
            check(url, Some("github.com/acme/gitops"));
        }
        check("{{repo}}", None);
        check("registry", None);
        check("charts/web", None);
    }
}

//! Which paths lead into the network.

/// True for what kustomize fetches as a file (`IsRemoteFile`).
pub(super) fn is_remote_file(path: &str) -> bool {
    let scheme = path.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// True for what kustomize clones (`NewRepoSpecFromURL`): a URL of one of Git's schemes, `user@host:path`, or a path
/// on github.com.
pub(super) fn is_repository(path: &str) -> bool {
    if path.starts_with('/') {
        return false;
    }
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("git::").unwrap_or(path);
    let lower = path.to_ascii_lowercase();
    if ["ssh://", "https://", "http://", "file://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
    {
        return true;
    }
    let host = match lower.split_once('@') {
        Some((user, host)) if is_user(user) => return host.contains([':', '/']),
        _ => lower.as_str(),
    };
    host.strip_prefix("www.")
        .unwrap_or(host)
        .strip_prefix("github.com")
        .is_some_and(|rest| rest.starts_with([':', '/']))
}

fn is_user(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::{is_remote_file, is_repository};

    #[test]
    fn urls_and_paths() {
        let check = |path: &str, file: bool, repository: bool| {
            assert_eq!(
                (is_remote_file(path), is_repository(path)),
                (file, repository),
                "{path}"
            );
        };
        check("https://example.com/a.yaml", true, true);
        check("github.com/org/repo?ref=v1", false, true);
        check("git@github.com:org/repo.git", false, true);
        check("ssh://git@example.com/org/repo", false, true);
        check("git::https://example.com/org/repo", false, true);
        check("../base", false, false);
        check("example.com/org/repo", false, false);
        check("/srv/repo", false, false);
    }
}

//! Which repository addresses mean this repository.

use std::collections::BTreeMap;

use deconflict_config::Config;
use deconflict_files::RepoPath;
use smol_str::{SmolStr, ToSmolStr};

/// The addresses of this repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    urls: Vec<Address>,
}

/// One address of this repository.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    url: SmolStr,
    /// The directory that paths count from.
    pub(crate) base: RepoPath,
    /// The branch that merges reach; `None` when nobody says.
    branch: Option<SmolStr>,
    /// Nobody says that it is one: see [`Own::guess`].
    pub(crate) is_guess: bool,
}

impl Own {
    /// Addresses of the configuration (an entry of `sources` that is one), and the remote `origin`.
    pub(crate) fn new(config: &Config, origin: Option<&str>) -> Self {
        let configured = config.sources.iter().filter_map(|source| {
            Some(Address {
                url: normal(&source.name)?,
                base: config.top.join(source.path.as_str())?,
                branch: Some(source.branch.clone()),
                is_guess: false,
            })
        });
        let origin = origin.and_then(normal).map(|url| Address {
            url,
            base: RepoPath::top(),
            branch: None,
            is_guess: false,
        });
        Self {
            urls: configured.chain(origin).collect(),
        }
    }

    /// True when nobody says what this repository is called.
    pub(crate) fn is_unknown(&self) -> bool {
        self.urls.is_empty()
    }

    /// The address that the engines' objects of the tree name most often, when nobody says what it is called. `seen`
    /// are the addresses that directories are taken from; of equals the first by text.
    pub(crate) fn guess(&mut self, seen: impl Iterator<Item = SmolStr>, config: &Config) {
        let mut counts: BTreeMap<SmolStr, usize> = BTreeMap::new();
        for url in seen.filter_map(|url| normal(&url)) {
            *counts.entry(url).or_default() += 1;
        }
        let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
        self.urls.extend(most.map(|(url, _)| Address {
            url,
            base: config.top.clone(),
            branch: None,
            is_guess: true,
        }));
    }

    /// The directory that paths of this repository count from.
    pub(crate) fn base(&self) -> Option<&RepoPath> {
        self.urls.first().map(|address| &address.base)
    }

    /// The address that `url` is, if it means this repository.
    pub(crate) fn find(&self, url: &str) -> Option<&Address> {
        let url = normal(url)?;
        self.urls.iter().find(|address| address.url == url)
    }
}

impl Address {
    /// True when a merge changes what `revision` means: none, `HEAD`, or the branch.
    pub(crate) fn follows(&self, revision: Option<&str>) -> bool {
        match (revision.unwrap_or_default(), &self.branch) {
            ("" | "HEAD", _) => true,
            (revision, Some(branch)) => names_branch(revision, branch),
            (revision, None) => names_branch(revision, "main") || names_branch(revision, "master"),
        }
    }
}

fn names_branch(revision: &str, branch: &str) -> bool {
    revision.strip_prefix("refs/heads/").unwrap_or(revision) == branch
}

/// Host and path of a repository's address, whatever the scheme and user; `None` for what is none.
fn normal(url: &str) -> Option<SmolStr> {
    let url = url.trim();
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        // scp style: `git@host:owner/repo`, in some places `git@host/owner/repo`.
        None if url.contains('@') => url.replacen(':', "/", 1),
        None => return None,
    };
    let rest = rest.rsplit_once('@').map_or(rest.as_str(), |(_, rest)| rest);
    let rest = rest.trim_end_matches('/').to_lowercase();
    Some(rest.strip_suffix(".git").unwrap_or(&rest).to_smolstr())
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn addresses_compare_by_host_and_path() {
        let check = |url: &str, expected: Option<&str>| assert_eq!(normal(url).as_deref(), expected, "{url}");
        check("https://GitHub.com/Org/Repo.git", Some("github.com/org/repo"));
        check("git@github.com:org/repo", Some("github.com/org/repo"));
        check("git@github.com/org/repo.git", Some("github.com/org/repo"));
        check("ssh://git@github.com/org/repo/", Some("github.com/org/repo"));
        check("flux-system/flux-system", None);
    }
}

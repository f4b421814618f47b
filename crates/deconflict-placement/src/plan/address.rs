//! Which addresses mean this repository.

use deconflict_files::RepoPath;

use super::Plan;
use crate::origin::Own;

impl Plan {
    /// With the remote `origin` of the Git repository, which is one of the addresses that mean this repository when the
    /// engines' objects name it. They do not in a fork or a mirror: then, and without an address in `sources` of the
    /// configuration, the address that they name most is taken for it.
    #[must_use]
    pub fn with_origin(mut self, url: Option<&str>) -> Self {
        let own = Own::new(&self.config, url);
        let mut named = self.raw.values().flatten().flat_map(|raw| &raw.urls);
        if self.own.is_unknown() || named.any(|(seen, _)| own.find(seen).is_some()) {
            self.own = own;
        }
        self
    }

    /// Take the address that bootstrap objects name for this repository's, else the one that most objects name.
    pub(super) fn guess_own(&mut self) {
        if !self.own.is_unknown() {
            return;
        }
        let urls = |is_bootstrap: bool| {
            let raw = self.raw.values().flatten();
            raw.filter(move |raw| raw.is_bootstrap == is_bootstrap)
                .flat_map(|raw| &raw.urls)
                .filter(|(_, path)| self.seems_here(path))
                .map(|(url, _)| url.clone())
        };
        let mut own = self.own.clone();
        own.guess(urls(true), &self.config);
        if own.is_unknown() {
            own.guess(urls(false), &self.config);
        }
        self.own = own;
    }

    /// True when a path that an engine's object names may be one of this repository: where it begins is here.
    fn seems_here(&self, path: &str) -> bool {
        let literal = path.split("{{").next().unwrap_or_default();
        let first = RepoPath::new(literal).and_then(|path| path.parts().next().and_then(RepoPath::new));
        match first.and_then(|first| self.config.top.join(first.as_str())) {
            Some(first) => self.survey.is_directory(&first),
            // Flux sources name no path; a path that is nothing but a template says nothing.
            None => path.is_empty(),
        }
    }

    /// The directory that paths of this repository count from.
    pub(crate) fn own_base(&self) -> RepoPath {
        self.own
            .base()
            .cloned()
            .unwrap_or_else(|| self.config.top.clone())
    }
}

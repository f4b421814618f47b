//! A `deconflict.yaml` for a repository that has none: what the tree says, with a comment for each line.

mod class;
mod engines;
mod layout;
mod likely;
mod teams;
#[cfg(test)]
mod tests;
mod text;
mod url;
mod write;

use crate::{Input, Options};

/// The text of a configuration inferred from `input`, which has none. `origin` is the URL of the remote `origin`.
///
/// It changes no placement: clusters are those that deployments are found for or destinations name, and what is only
/// likely stands in comments.
pub fn propose(input: &Input, options: &Options, origin: Option<&str>) -> String {
    let report = crate::map(input, options);
    let engines = engines::read(&input.library, &input.config.top);
    let clusters = engines::clusters(&report, &engines);
    let layout = layout::read(input);
    let teams = teams::read(input, &report, &clusters, &layout);
    let sources = engines::own_sources(input, &engines, origin);
    write::write(&write::Proposal {
        layout,
        clusters,
        likely: likely::read(&report),
        tops: likely::tops(&report),
        teams,
        sources,
        has_codeowners: input.codeowners.file.is_some(),
        engines,
    })
}

//! What comments and contracts silence, and those that silence nothing.

mod comments;
mod contracts;

use comments::Comments;
pub(crate) use comments::MARK;
use contracts::Contracts;
use deconflict_findings::Finding;

use crate::instance::Instance;
use crate::judge::Judge;

/// Findings that stay, and how many do not. Those about unused comments and contracts are among them.
pub(crate) fn silence(judge: &Judge<'_>, found: Vec<Instance>) -> (Vec<Instance>, Vec<Instance>) {
    let mut comments = Comments::read(judge);
    let mut contracts = Contracts::new(judge);
    let (mut stay, mut silent) = (Vec::new(), Vec::new());
    for mut instance in found {
        // Both are asked, so that both count as used.
        let by_comment = comments.silence(judge, &mut instance.finding);
        let by_contract = contracts.silence(&instance.finding);
        if by_comment || by_contract {
            silent.push(instance);
        } else {
            stay.push(instance);
        }
    }
    let unused = comments.unused(judge).into_iter().chain(contracts.unused(judge));
    for (meta, finding) in unused {
        stay.push(Instance {
            finding,
            meta,
            seen: Vec::new(),
            kept: false,
        });
    }
    (stay, silent)
}

/// A finding of ours, with its rule.
type Lint = (&'static deconflict_findings::RuleMeta, Finding);

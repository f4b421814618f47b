//! Floor 1: the report as plain data. Rules make [`Finding`]s, the pipeline folds and sorts them into a [`Report`],
//! and each report format turns that into text. Nothing here reads or prints.

mod difference;
mod finding;
mod meta;
mod report;
mod secrets;
mod suggest;

pub use difference::{Change, DiffLine, Difference, Effect, FieldPart, Hunk, LineSide, Pair};
pub use finding::{
    Certainty, Edit, Finding, Fix, Instance, Label, ObjectRef, Place, Safety, Severity, TrailStep,
};
pub use meta::{Family, RuleMeta, family_of, rule_url};
pub use report::{
    ClusterRow, Coverage, Judged, PlacementRow, PlacementStatus, Report, Skipped, Source, Summary,
};
pub use secrets::Secrets;
pub use suggest::closest;

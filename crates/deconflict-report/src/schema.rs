//! The JSON schemas of what programs read, made from the very types that are written (`cargo xtask generate`). Built with
//! the feature `schema` only: the program itself does not need it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::catalogue::Catalogue;
use crate::diff::WireDifference;
use crate::json::to_text;
use crate::wire::{WireMap, WireReport};

/// File name and text of each schema (JSON Schema 2020-12).
pub fn schemas() -> [(&'static str, String); 4] {
    [
        (
            "report.schema.json",
            text::<WireReport<'_>>("deconflict check --format json"),
        ),
        (
            "map.schema.json",
            text::<WireMap<'_>>("deconflict map --format json"),
        ),
        (
            "diff.schema.json",
            text::<WireDifference<'_>>("deconflict diff --format json"),
        ),
        (
            "rules.schema.json",
            text::<Catalogue<'_>>("deconflict rules --format json"),
        ),
    ]
}

fn text<T: JsonSchema>(title: &str) -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema: Schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    to_text(&schema)
}

/// The words that stand in fields of a few fixed values.
pub(crate) mod words {
    use schemars::JsonSchema;

    macro_rules! words {
        ($($(#[$about:meta])* $name:ident { $($word:ident),+ })+) => {
            $(
                $(#[$about])*
                #[derive(JsonSchema)]
                #[schemars(rename_all = "lowercase")]
                #[expect(dead_code, reason = "only its names are used, in the schema")]
                pub(crate) enum $name { $($word),+ }
            )+
        };
    }

    words! {
        /// How bad it is; `error` blocks by default.
        Severity { Error, Warning, Info }
        /// Whether rendered objects show it, or it could only happen.
        Certainty { Witnessed, Possible }
        /// Whether a fix may be applied unseen.
        Safety { Safe, Unsafe }
        /// What was judged: the working tree, the index, or a commit.
        JudgedKind { Worktree, Staged, Revision }
        /// What happened to a value.
        Action { Patched, Transformed, Generated, Values, Template, Substituted }
        /// What deploys it; `plain`: by hand, or by nothing that can be read.
        Engine { Argocd, Flux, Plain }
        /// What a placement's directory is.
        PlacementKind { Kustomize, Helm, Directory, Jsonnet, Plugin }
        /// What happens to objects; `moved`: another application, namespace or name has them.
        Effect { Added, Changed, Moved, Removed }
        /// Whose line it is: of both, only of the object before, only of the one after.
        LineSide { Both, Before, After }
        /// Whether a placement's objects are known.
        Status { Rendered, Failed, Skipped }
    }
}

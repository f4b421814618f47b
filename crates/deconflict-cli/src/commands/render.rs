//! `render DIR`: one deployment's objects as YAML.

use crate::Exit;
use crate::args::Render;

/// Print what `kustomize build` would.
pub(crate) fn run(args: &Render) -> Exit {
    let _ = args;
    Exit::Unfinished
}

//! `$patch` directives.

use super::cells::{CellId, Cells, Shape};
use crate::Problem;

const KEY: &str = "$patch";

/// What a patch asks to do with a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The directive of a value of the patch, which is taken out of it.
///
/// # Errors
/// A directive of another name, and a scalar, which has none.
pub(super) fn take(cells: &mut Cells, patch: Option<CellId>) -> Result<Directive, Problem> {
    let Some(patch) = patch else {
        return Ok(Directive::Merge);
    };
    match cells.shape(patch) {
        Shape::Map => take_of_map(cells, patch),
        Shape::List => take_of_list(cells, patch),
        Shape::Scalar => {
            let message = format!(
                "no implemented strategic merge patch strategy for '{}'",
                cells.text(patch)
            );
            Err(Problem::build(message).at(cells.at(patch)))
        }
    }
}

fn take_of_map(cells: &mut Cells, patch: CellId) -> Result<Directive, Problem> {
    let Some(value) = cells.field(patch, KEY) else {
        return Ok(Directive::Merge);
    };
    let directive = named(cells, value)?;
    cells.clear(patch, KEY);
    Ok(directive)
}

/// A list's directive is an item of its own; only the first item with a directive counts, and one that has more
/// fields is an element's.
fn take_of_list(cells: &mut Cells, patch: CellId) -> Result<Directive, Problem> {
    let items = cells.items(patch).to_vec();
    let Some((item, value)) = items
        .iter()
        .find_map(|item| Some((*item, cells.field(*item, KEY)?)))
    else {
        return Ok(Directive::Merge);
    };
    if cells.entries(item).len() > 1 {
        return Ok(Directive::Merge);
    }
    let directive = named(cells, value)?;
    let text = cells.text(value).to_owned();
    super::elements::set(cells, patch, &[KEY.into()], &[text], None)?;
    Ok(directive)
}

fn named(cells: &Cells, value: CellId) -> Result<Directive, Problem> {
    match cells.text(value) {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(Problem::build(format!("unknown patch strategy '{other}'")).at(cells.at(value))),
    }
}

//! Finding and setting elements of lists by their merge keys: kyaml's ElementMatcher and ElementSetter, with their
//! oddities, because strategic merge is defined by them.

use smol_str::SmolStr;

use super::cells::{CellId, Cells, Shape};
use crate::Problem;

/// Replace, remove (`element` none) or append the element of `list` whose `keys` have `values`. Drops nulls and empty
/// maps on the way. With fewer values than keys nothing matches and everything else is dropped too.
///
/// # Errors
/// Elements that are no maps where keys have names, and that are no scalars where the key has none.
pub(super) fn set(
    cells: &mut Cells,
    list: CellId,
    keys: &[SmolStr],
    values: &[String],
    element: Option<CellId>,
) -> Result<(), Problem> {
    let is_empty = |texts: Option<&str>| texts.is_none_or(str::is_empty);
    let is_for_maps =
        !is_empty(keys.first().map(SmolStr::as_str)) && !is_empty(values.first().map(String::as_str));
    let mut result = Vec::new();
    let mut found_any = false;
    for item in cells.items(list).to_vec() {
        if cells.is_null(item) || cells.is_empty_map(item) {
            continue;
        }
        if is_for_maps && cells.shape(item) != Shape::Map {
            result.push(item);
            continue;
        }
        let mut found = !keys.is_empty();
        for (index, key) in keys.iter().enumerate() {
            let Some(value) = values.get(index) else {
                found &= index > 0;
                break;
            };
            let wanted = (!value.is_empty()).then_some(value.as_str());
            if !field_matches(cells, item, key, wanted)? {
                found = false;
                break;
            }
        }
        if found {
            found_any = true;
            result.extend(element);
        } else if !values.is_empty() {
            result.push(item);
        }
    }
    if let Some(element) = element.filter(|element| !cells.is_null(*element))
        && !found_any
    {
        result.push(element);
    }
    cells.set_items(list, result);
    Ok(())
}

/// True when `item` has a field `name` (of text `wanted`, if given); without a name, when it is a scalar of that text.
fn field_matches(cells: &mut Cells, item: CellId, name: &str, wanted: Option<&str>) -> Result<bool, Problem> {
    if name.is_empty() {
        expect(cells, item, Shape::Scalar)?;
        return Ok(cells.text(item) == wanted.unwrap_or_default());
    }
    expect(cells, item, Shape::Map)?;
    let fields: Vec<CellId> = cells
        .entries(item)
        .iter()
        .filter(|entry| entry.key.text == name)
        .map(|entry| entry.value)
        .collect();
    Ok(fields
        .into_iter()
        .any(|value| wanted.is_none_or(|wanted| cells.text(value) == wanted)))
}

/// The first element of `list` whose `keys` have exactly `values`, an absent key matching nothing; with one key
/// without a name, the first of that text.
pub(super) fn find(cells: &mut Cells, list: CellId, keys: &[SmolStr], values: &[String]) -> Option<CellId> {
    let items = cells.items(list).to_vec();
    if keys.first().is_none_or(SmolStr::is_empty) {
        let wanted = values.first().map_or("", String::as_str);
        return items.into_iter().find(|item| cells.text(*item) == wanted);
    }
    items.into_iter().find(|item| {
        cells.shape(*item) == Shape::Map
            && keys.iter().zip(values).all(|(key, value)| {
                let fields: Vec<CellId> = cells
                    .entries(*item)
                    .iter()
                    .filter(|entry| entry.key.text == *key)
                    .map(|entry| entry.value)
                    .collect();
                fields.into_iter().any(|field| cells.text(field) == value)
            })
    })
}

/// Append the elements of `from` to `to`, each in the place of the elements with the same keys if there are any.
/// An element without one of the keys is appended once more for it, and then counts with the keys it has.
pub(super) fn append(cells: &mut Cells, to: CellId, from: CellId, keys: &[SmolStr]) -> Result<(), Problem> {
    for element in cells.items(from).to_vec() {
        let mut values = Vec::new();
        for key in keys {
            let value = if key.is_empty() {
                Some(element)
            } else if cells.is_null(element) {
                None
            } else {
                expect(cells, element, Shape::Map)?;
                cells.field(element, key)
            };
            if let Some(value) = value {
                values.push(cells.text(value).to_owned());
            } else {
                let mut items = cells.items(to).to_vec();
                items.push(element);
                cells.set_items(to, items);
            }
        }
        if keys.len() > 1 {
            set(cells, to, keys, &values, None)?;
        }
        set(cells, to, keys, &values, Some(element))?;
    }
    Ok(())
}

/// kyaml's check of a node's shape; null passes for any.
pub(super) fn expect(cells: &Cells, cell: CellId, shape: Shape) -> Result<(), Problem> {
    let was = cells.shape(cell);
    if cells.is_null(cell) || was == shape {
        return Ok(());
    }
    let mut content = String::new();
    let tree = cells.build(cell);
    match tree.text() {
        Some(text) => content.push_str(text),
        None => content.push_str(
            crate::emit::emit(std::iter::once(&tree))
                .unwrap_or_default()
                .trim_end(),
        ),
    }
    let message = format!(
        "wrong node kind: expected {} but got {}: node contents:\n{content}\n",
        shape.name(),
        was.name()
    );
    Err(Problem::build(message).at(cells.at(cell)))
}

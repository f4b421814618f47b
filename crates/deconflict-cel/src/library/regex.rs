//! `find` and `findAll`; the engine has `matches`.

use cel::{DeclarationError, ExecutionError, Value};

use super::{Library, Of, int, op, text};

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    library.member(Of::Text, "find", &[Of::Text], op!(find))?;
    for args in [&[Of::Text][..], &[Of::Text, Of::Int]] {
        library.member(Of::Text, "findAll", args, op!(find_all))?;
    }
    Ok(())
}

fn compiled(pattern: &str) -> Result<regex::Regex, ExecutionError> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| ExecutionError::function_error("find", error))
}

fn find(all: &[Value]) -> Result<Value, ExecutionError> {
    let found = compiled(text(all, 1)?)?.find(text(all, 0)?);
    Ok(Value::from(found.map_or("", |found| found.as_str())))
}

/// A negative limit is none.
fn find_all(all: &[Value]) -> Result<Value, ExecutionError> {
    let limit = if all.len() > 2 { int(all, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let regex = compiled(text(all, 1)?)?;
    let found = regex.find_iter(text(all, 0)?).take(limit);
    Ok(Value::from(
        found.map(|found| found.as_str()).collect::<Vec<&str>>(),
    ))
}

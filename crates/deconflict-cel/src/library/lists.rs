//! Lists and sets: `[1, 2].sum()`, `sets.contains(a, b)`.

use cel::{DeclarationError, ExecutionError, Value};
use std::cmp::Ordering;

use super::{Library, Of, fails, list, op};

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    library.member(Of::List, "isSorted", &[], op!(is_sorted))?;
    library.member(Of::List, "sum", &[], op!(sum))?;
    library.member(
        Of::List,
        "min",
        &[],
        op!(|all| extreme(all, "min", Ordering::Less)),
    )?;
    library.member(
        Of::List,
        "max",
        &[],
        op!(|all| extreme(all, "max", Ordering::Greater)),
    )?;
    library.member(
        Of::List,
        "indexOf",
        &[Of::Any],
        op!(|all| {
            Ok(index(
                list(all, 0)?.iter().position(|item| Some(item) == all.get(1)),
            ))
        }),
    )?;
    library.member(
        Of::List,
        "lastIndexOf",
        &[Of::Any],
        op!(|all| {
            Ok(index(
                list(all, 0)?.iter().rposition(|item| Some(item) == all.get(1)),
            ))
        }),
    )?;
    let two = [Of::List, Of::List];
    library.global(
        "sets.contains",
        &two,
        op!(|all| { Ok(Value::Bool(holds(list(all, 0)?, list(all, 1)?))) }),
    )?;
    library.global(
        "sets.equivalent",
        &two,
        op!(|all| {
            let (one, other) = (list(all, 0)?, list(all, 1)?);
            Ok(Value::Bool(holds(one, other) && holds(other, one)))
        }),
    )?;
    library.global(
        "sets.intersects",
        &two,
        op!(|all| {
            let (one, other) = (list(all, 0)?, list(all, 1)?);
            Ok(Value::Bool(one.iter().any(|item| other.contains(item))))
        }),
    )
}

/// Every item of `items` is in `set`.
fn holds(set: &[Value], items: &[Value]) -> bool {
    items.iter().all(|item| set.contains(item))
}

fn index(found: Option<usize>) -> Value {
    Value::Int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

fn compare(a: &Value, b: &Value) -> Result<Ordering, ExecutionError> {
    let order = a.partial_cmp(b);
    order.ok_or_else(|| ExecutionError::ValuesNotComparable(a.clone(), b.clone()))
}

fn is_sorted(all: &[Value]) -> Result<Value, ExecutionError> {
    for pair in list(all, 0)?.windows(2) {
        if compare(&pair[0], &pair[1])? == Ordering::Greater {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

/// The sum of nothing is the integer 0.
fn sum(all: &[Value]) -> Result<Value, ExecutionError> {
    let mut items = list(all, 0)?.iter();
    let Some(first) = items.next() else {
        return Ok(Value::Int(0));
    };
    items.try_fold(first.clone(), |sum, item| match (&sum, item) {
        (Value::Int(a), Value::Int(b)) => match a.checked_add(*b) {
            Some(sum) => Ok(Value::Int(sum)),
            None => fails("sum", "too large"),
        },
        (Value::UInt(a), Value::UInt(b)) => match a.checked_add(*b) {
            Some(sum) => Ok(Value::UInt(sum)),
            None => fails("sum", "too large"),
        },
        (Value::Float(a), Value::Float(b)) => Ok(Value::Float(a + b)),
        (Value::Duration(a), Value::Duration(b)) => match a.checked_add(b) {
            Some(sum) => Ok(Value::Duration(sum)),
            None => fails("sum", "too large"),
        },
        _ => fails("sum", "not all of one kind of number"),
    })
}

fn extreme(all: &[Value], function: &str, wanted: Ordering) -> Result<Value, ExecutionError> {
    let mut items = list(all, 0)?.iter();
    let Some(mut best) = items.next() else {
        return fails(function, "of an empty list");
    };
    for item in items {
        if compare(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

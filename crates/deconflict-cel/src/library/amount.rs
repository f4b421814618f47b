//! Quantities: `quantity('1.5Gi').isGreaterThan(quantity('1Gi'))`.

use cel::objects::Opaque;
use cel::{DeclarationError, ExecutionError, Value};

use super::{Library, Of, fails, int, op, opaque, own, sign, text};
use crate::Quantity;

impl Opaque for Quantity {
    fn runtime_type_name(&self) -> &'static str {
        "kubernetes.Quantity"
    }
}

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    let this_type = Of::Own("kubernetes.Quantity");
    let one = &[this_type];
    library.global(
        "isQuantity",
        &[Of::Text],
        op!(|all| Ok(Value::Bool(read(text(all, 0)?).is_some()))),
    )?;
    library.global("quantity", &[Of::Text], op!(quantity))?;
    library.member(
        this_type,
        "sign",
        &[],
        op!(|all| Ok(sign(this(all)?.cmp(&Quantity::ZERO)))),
    )?;
    library.member(
        this_type,
        "isInteger",
        &[],
        op!(|all| Ok(Value::Bool(this(all)?.whole().is_some()))),
    )?;
    library.member(this_type, "asInteger", &[], op!(as_integer))?;
    library.member(this_type, "asApproximateFloat", &[], op!(as_float))?;
    library.member(
        this_type,
        "add",
        one,
        op!(|all| Ok(opaque(this(all)? + other(all)?))),
    )?;
    library.member(
        this_type,
        "add",
        &[Of::Int],
        op!(|all| Ok(opaque(this(all)? + units(all)?))),
    )?;
    library.member(
        this_type,
        "sub",
        one,
        op!(|all| Ok(opaque(this(all)?.minus(other(all)?)))),
    )?;
    library.member(
        this_type,
        "sub",
        &[Of::Int],
        op!(|all| Ok(opaque(this(all)?.minus(units(all)?)))),
    )?;
    library.member(
        this_type,
        "isLessThan",
        one,
        op!(|all| Ok(Value::Bool(this(all)? < other(all)?))),
    )?;
    library.member(
        this_type,
        "isGreaterThan",
        one,
        op!(|all| Ok(Value::Bool(this(all)? > other(all)?))),
    )?;
    library.member(
        this_type,
        "compareTo",
        one,
        op!(|all| Ok(sign(this(all)?.cmp(&other(all)?)))),
    )
}

/// Strict, as `resource.ParseQuantity`: no spaces around it.
fn read(text: &str) -> Option<Quantity> {
    Quantity::parse(text).filter(|_| text.trim().len() == text.len())
}

fn quantity(all: &[Value]) -> Result<Value, ExecutionError> {
    match read(text(all, 0)?) {
        Some(quantity) => Ok(opaque(quantity)),
        None => fails("quantity", "no quantity"),
    }
}

fn this(all: &[Value]) -> Result<Quantity, ExecutionError> {
    own::<Quantity>(all, 0).copied()
}

fn other(all: &[Value]) -> Result<Quantity, ExecutionError> {
    own::<Quantity>(all, 1).copied()
}

fn units(all: &[Value]) -> Result<Quantity, ExecutionError> {
    Ok(Quantity::units(int(all, 1)?))
}

fn as_integer(all: &[Value]) -> Result<Value, ExecutionError> {
    match this(all)?.whole() {
        Some(number) => Ok(Value::Int(number)),
        None => fails("asInteger", "no whole number of 64 bits"),
    }
}

fn as_float(all: &[Value]) -> Result<Value, ExecutionError> {
    let units = Quantity::units(1);
    Ok(Value::Float(this(all)?.ratio(units).unwrap_or_default()))
}

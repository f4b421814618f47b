//! Functions that Kubernetes adds to the language (k8s.io/apiserver, pkg/cel/library, and kubernetes.io/docs/reference/using-api/cel).
//! The engine has the standard ones, optional values, strings and lists.

mod amount;
mod formats;
mod lists;
mod net;
mod regex;
#[cfg(test)]
mod tests;
mod url;
mod version;

use std::sync::Arc;

use cel::common::types::{self, Type};
use cel::common::value::{CowVal, Val};
use cel::objects::Opaque;
use cel::{DeclarationError, Env, ExecutionError, Value, extensions};

type Body = fn(&[Value]) -> Result<Value, ExecutionError>;
type Function = for<'b, 'v> fn(Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError>;

/// The environment with everything a rule of a definition may use.
pub(crate) fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    let mut library = Library { env };
    amount::declare(&mut library)?;
    formats::declare(&mut library)?;
    lists::declare(&mut library)?;
    net::declare(&mut library)?;
    regex::declare(&mut library)?;
    url::declare(&mut library)?;
    version::declare(&mut library)?;
    Ok(library.env)
}

/// The type of an argument.
#[derive(Clone, Copy)]
enum Of {
    Any,
    Text,
    Int,
    Bool,
    List,
    /// A type of Kubernetes.
    Own(&'static str),
}

impl Of {
    fn engine(self) -> Type {
        match self {
            Self::Any => types::DYN_TYPE,
            Self::Text => types::STRING_TYPE,
            Self::Int => types::INT_TYPE,
            Self::Bool => types::BOOL_TYPE,
            Self::List => types::LIST_TYPE,
            Self::Own(name) => Type::new_opaque_type(name),
        }
    }
}

/// Declares functions by their types. A name may be there for several types: `indexOf` of texts and of lists.
struct Library {
    env: Env,
}

impl Library {
    /// `name(args)`.
    fn global(&mut self, name: &str, args: &[Of], op: Function) -> Result<(), DeclarationError> {
        let args: Vec<Type> = args.iter().map(|of| of.engine()).collect();
        let id = id("", name, &args);
        self.env.add_overload(name, &id, args, op)
    }

    /// `target.name(args)`.
    fn member(&mut self, target: Of, name: &str, args: &[Of], op: Function) -> Result<(), DeclarationError> {
        let args: Vec<Type> = args.iter().map(|of| of.engine()).collect();
        let target = target.engine();
        let id = id(target.name(), name, &args);
        self.env.add_member_overload(name, &id, target, args, op)
    }
}

fn id(target: &str, name: &str, args: &[Type]) -> String {
    let args: Vec<&str> = args.iter().map(Type::name).collect();
    format!("k8s {target}.{name}({})", args.join(","))
}

/// The engine's shape of a function over values.
macro_rules! op {
    ($body:expr) => {
        |arguments| $crate::library::call(arguments, $body)
    };
}
use op;

/// Owned values in, an owned value out.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands over its arguments"
)]
fn call<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>, body: Body) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let values = arguments
        .iter()
        .map(|argument| Value::try_from(argument.as_ref()));
    let values = values.collect::<Result<Vec<Value>, _>>()?;
    let made: Box<dyn Val> = body(&values)?.try_into()?;
    Ok(CowVal::Owned(made))
}

/// A value of a type of Kubernetes.
fn opaque(value: impl Opaque) -> Value {
    Value::Opaque(Arc::new(value))
}

/// The argument as a value of a type of Kubernetes.
fn own<T: 'static>(arguments: &[Value], at: usize) -> Result<&T, ExecutionError> {
    let found = match arguments.get(at) {
        Some(Value::Opaque(value)) => value.downcast_ref::<T>(),
        _ => None,
    };
    found.ok_or_else(ExecutionError::missing_argument_or_target)
}

fn text(arguments: &[Value], at: usize) -> Result<&str, ExecutionError> {
    match arguments.get(at) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

fn int(arguments: &[Value], at: usize) -> Result<i64, ExecutionError> {
    match arguments.get(at) {
        Some(Value::Int(number)) => Ok(*number),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

fn list(arguments: &[Value], at: usize) -> Result<&[Value], ExecutionError> {
    match arguments.get(at) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

fn fails<T>(function: &str, why: &str) -> Result<T, ExecutionError> {
    Err(ExecutionError::function_error(function, why))
}

/// -1, 0 or 1.
fn sign(order: std::cmp::Ordering) -> Value {
    Value::Int(order as i64)
}

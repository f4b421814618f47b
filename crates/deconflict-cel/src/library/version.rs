//! Semantic versions: `semver('1.2.3').isLessThan(semver('1.10.0'))`.

use cel::objects::Opaque;
use cel::{DeclarationError, ExecutionError, Value};
use std::cmp::Ordering;

use super::{Library, Of, fails, op, opaque, own, sign, text};

const NAME: &str = "kubernetes.Semver";

/// Build metadata says nothing about order or equality.
#[derive(Debug)]
struct Version(semver::Version);

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.0.cmp_precedence(&other.0) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Opaque for Version {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    let this_type = Of::Own(NAME);
    let one = &[this_type];
    for args in [&[Of::Text][..], &[Of::Text, Of::Bool]] {
        library.global("isSemver", args, op!(|all| Ok(Value::Bool(read(all)?.is_some()))))?;
        library.global("semver", args, op!(semver))?;
    }
    library.member(this_type, "major", &[], op!(|all| number(this(all)?.0.major)))?;
    library.member(this_type, "minor", &[], op!(|all| number(this(all)?.0.minor)))?;
    library.member(this_type, "patch", &[], op!(|all| number(this(all)?.0.patch)))?;
    library.member(
        this_type,
        "isLessThan",
        one,
        op!(|all| Ok(Value::Bool(order(all)?.is_lt()))),
    )?;
    library.member(
        this_type,
        "isGreaterThan",
        one,
        op!(|all| Ok(Value::Bool(order(all)?.is_gt()))),
    )?;
    library.member(this_type, "compareTo", one, op!(|all| Ok(sign(order(all)?))))
}

fn semver(all: &[Value]) -> Result<Value, ExecutionError> {
    match read(all)? {
        Some(version) => Ok(opaque(version)),
        None => fails("semver", "no semantic version"),
    }
}

fn read(all: &[Value]) -> Result<Option<Version>, ExecutionError> {
    let text = text(all, 0)?;
    let version = if all.get(1) == Some(&Value::Bool(true)) {
        semver::Version::parse(&normal(text))
    } else {
        semver::Version::parse(text)
    };
    Ok(version.ok().map(Version))
}

/// Without `v` in front and zeros before numbers, with all three numbers: `v01.2` is `1.2.0`.
fn normal(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let mut parts: Vec<&str> = numbers.split('.').collect();
    // Three numbers are cut at most: what is more stays and is refused.
    parts.resize(parts.len().max(3), "0");
    let short = |part: &&str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        short => short.to_owned(),
    };
    let parts: Vec<String> = parts.iter().map(short).collect();
    format!("{}{rest}", parts.join("."))
}

fn this(all: &[Value]) -> Result<&Version, ExecutionError> {
    own(all, 0)
}

fn order(all: &[Value]) -> Result<Ordering, ExecutionError> {
    Ok(this(all)?.0.cmp_precedence(&own::<Version>(all, 1)?.0))
}

fn number(number: u64) -> Result<Value, ExecutionError> {
    i64::try_from(number).map_or_else(
        |_| fails("semver", "beyond 64 bits"),
        |number| Ok(Value::Int(number)),
    )
}

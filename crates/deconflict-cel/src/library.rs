//! Functions that Kubernetes adds to the language: `find`, `findAll`, addresses and URLs. Sources: k8s.io/apiserver,
//! pkg/cel/library. Lists and strings have the engine's own extensions.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use cel::extractors::{Arguments, This};
use cel::{Context, DeclarationError, Env, ExecutionError, Value, extensions};

type Text = Arc<String>;

/// The environment with the standard library, optional values, strings and lists.
pub(crate) fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    Ok(env)
}

/// Declare Kubernetes' functions.
pub(crate) fn declare(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function("find", find)?;
    context.add_function("findAll", find_all)?;
    context.add_function("isURL", |text: Text| scheme_and_rest(&text).is_some())?;
    context.add_function("url", url)?;
    for part in ["Scheme", "Host", "Hostname", "Port", "EscapedPath"] {
        let key = part.to_lowercase();
        context.add_function(&format!("get{part}"), move |This(url): This<Value>| {
            member(&url, &key)
        })?;
    }
    context.add_function("isIP", |text: Text| address(&text).is_some())?;
    context.add_function("ip", |text: Text| match address(&text) {
        Some(address) => Ok(object(&[
            ("family", Value::Int(if address.is_ipv4() { 4 } else { 6 })),
            ("loopback", Value::Bool(address.is_loopback())),
            ("unspecified", Value::Bool(address.is_unspecified())),
        ])),
        None => Err(ExecutionError::function_error("ip", "no address")),
    })?;
    context.add_function("family", |This(ip): This<Value>| member(&ip, "family"))?;
    context.add_function("isLoopback", |This(ip): This<Value>| member(&ip, "loopback"))?;
    context.add_function("isUnspecified", |This(ip): This<Value>| {
        member(&ip, "unspecified")
    })?;
    context.add_function("isCIDR", |text: Text| network(&text).is_some())?;
    context.add_function("cidr", |text: Text| match network(&text) {
        Some((address, length)) => Ok(object(&[
            ("family", Value::Int(if address.is_ipv4() { 4 } else { 6 })),
            ("prefix", Value::Int(i64::from(length))),
            ("cidr", Value::String(Arc::clone(&text))),
        ])),
        None => Err(ExecutionError::function_error("cidr", "no network")),
    })?;
    context.add_function("prefixLength", |This(cidr): This<Value>| member(&cidr, "prefix"))?;
    context.add_function("containsIP", contains_ip)?;
    Ok(())
}

fn regex(pattern: &str) -> Result<regex::Regex, ExecutionError> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| ExecutionError::function_error("find", error))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands over its arguments"
)]
fn find(This(text): This<Text>, pattern: Text) -> Result<Value, ExecutionError> {
    let found = regex(&pattern)?
        .find(&text)
        .map_or_else(String::new, |found| found.as_str().to_owned());
    Ok(Value::from(found))
}

fn find_all(This(text): This<Text>, Arguments(arguments): Arguments) -> Result<Value, ExecutionError> {
    let Some(Value::String(pattern)) = arguments.first() else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let limit = match arguments.get(1) {
        Some(Value::Int(limit)) => usize::try_from(*limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let regex = regex(pattern)?;
    let found: Vec<Value> = regex
        .find_iter(&text)
        .take(limit)
        .map(|found| Value::from(found.as_str()))
        .collect();
    Ok(Value::List(Arc::new(found)))
}

/// The scheme of an absolute URL and what follows; an absolute path has none.
fn scheme_and_rest(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('/') {
        return Some(("", text));
    }
    let (scheme, rest) = text.split_once(':')?;
    let first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let all = scheme
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (first && all && !rest.is_empty() && !text.contains(char::is_whitespace)).then_some((scheme, rest))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands over its arguments"
)]
fn url(text: Text) -> Result<Value, ExecutionError> {
    let Some((scheme, rest)) = scheme_and_rest(&text) else {
        return Err(ExecutionError::function_error("url", "no URL"));
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Ok(object(&[
        ("scheme", Value::from(scheme.to_lowercase())),
        ("host", Value::from(host)),
        ("hostname", Value::from(name.trim_matches(['[', ']']))),
        ("port", Value::from(port)),
        ("escapedpath", Value::from(path)),
    ]))
}

/// As Go's `netip.ParseAddr`, without zones and IPv4 in IPv6.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address: &IpAddr| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_none(),
    })
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let (address, length) = (self::address(address)?, length.parse().ok()?);
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

fn contains_ip(This(cidr): This<Value>, other: Value) -> Result<Value, ExecutionError> {
    let error = || ExecutionError::function_error("containsIP", "no address");
    let Value::String(cidr) = member(&cidr, "cidr")? else {
        return Err(error());
    };
    let Value::String(other) = other else {
        return Err(error());
    };
    let (Some((network, length)), Some(other)) = (network(&cidr), address(&other)) else {
        return Err(error());
    };
    let within = |a: u128, b: u128, width: u32| {
        let shift = width - u32::from(length);
        shift >= 128 || a >> shift == b >> shift
    };
    Ok(Value::Bool(match (network, other) {
        (IpAddr::V4(a), IpAddr::V4(b)) => within(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => within(a.into(), b.into(), 128),
        _ => false,
    }))
}

fn object(fields: &[(&str, Value)]) -> Value {
    let map: HashMap<&str, Value> = fields.iter().map(|(key, value)| (*key, value.clone())).collect();
    Value::from(map)
}

fn member(object: &Value, key: &str) -> Result<Value, ExecutionError> {
    match object {
        Value::Map(map) => map
            .map
            .get(&cel::objects::Key::from(key))
            .cloned()
            .ok_or_else(|| ExecutionError::no_such_key(key)),
        _ => Err(ExecutionError::no_such_key(key)),
    }
}

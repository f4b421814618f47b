//! URLs, as Go's `url.ParseRequestURI` reads them: an absolute URL or an absolute path, without fragment.

use std::collections::{BTreeMap, HashMap};

use cel::objects::{Key, Map, Opaque};
use cel::{DeclarationError, ExecutionError, Value};
use std::sync::Arc;

use super::{Library, Of, fails, op, opaque, own, text};

const NAME: &str = "kubernetes.URL";

#[derive(Clone, PartialEq, Eq, Debug)]
struct Url {
    scheme: String,
    /// With port.
    host: String,
    path: String,
    query: String,
}

impl Opaque for Url {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    let this_type = Of::Own(NAME);
    library.global(
        "isURL",
        &[Of::Text],
        op!(|all| Ok(Value::Bool(is_url(text(all, 0)?)))),
    )?;
    library.global(
        "url",
        &[Of::Text],
        op!(|all| match Url::parse(text(all, 0)?) {
            Some(url) => Ok(opaque(url)),
            None => fails("url", "no URL"),
        }),
    )?;
    library.member(
        this_type,
        "getScheme",
        &[],
        op!(|all| Ok(Value::from(this(all)?.scheme.as_str()))),
    )?;
    library.member(
        this_type,
        "getHost",
        &[],
        op!(|all| Ok(Value::from(this(all)?.host.as_str()))),
    )?;
    library.member(
        this_type,
        "getHostname",
        &[],
        op!(|all| {
            let name = name_and_port(&this(all)?.host).0;
            let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
            Ok(Value::from(bare.unwrap_or(name)))
        }),
    )?;
    library.member(
        this_type,
        "getPort",
        &[],
        op!(|all| Ok(Value::from(name_and_port(&this(all)?.host).1))),
    )?;
    library.member(
        this_type,
        "getEscapedPath",
        &[],
        op!(|all| Ok(Value::from(escaped(&this(all)?.path)))),
    )?;
    library.member(
        this_type,
        "getQuery",
        &[],
        op!(|all| Ok(query(&this(all)?.query))),
    )
}

/// True for what `url` reads.
pub(super) fn is_url(text: &str) -> bool {
    Url::parse(text).is_some()
}

fn this(all: &[Value]) -> Result<&Url, ExecutionError> {
    own(all, 0)
}

impl Url {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.chars().any(|c| c.is_ascii_control()) {
            return None;
        }
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            // A colon in front of the first slash that ends no scheme.
            Some((before, _)) if !before.contains(['/', '?']) => return None,
            _ => (String::new(), text),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !rest.starts_with('/') {
            // `mailto:a@b` is opaque; without scheme it is a relative path.
            return (!scheme.is_empty()).then(|| Self {
                scheme,
                host: String::new(),
                path: String::new(),
                query: query.to_owned(),
            });
        }
        let (authority, path) = match rest
            .strip_prefix("//")
            .filter(|rest| !scheme.is_empty() || !rest.starts_with('/'))
        {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        (is_host(host) && unescaped(path, false).is_some()).then(|| Self {
            scheme,
            host: host.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn is_host(host: &str) -> bool {
    let (name, _) = name_and_port(host);
    let fine = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:[]<>\"%".contains(c);
    // What follows the last colon outside of brackets is a port, or nothing is right.
    let closed = match name.strip_prefix('[') {
        Some(address) => address.ends_with(']'),
        None => !name.contains(':'),
    };
    closed && host.chars().all(fine)
}

/// Name and port; an address of IPv6 keeps its brackets.
fn name_and_port(host: &str) -> (&str, &str) {
    let after = host.rfind(']').unwrap_or(0);
    match host[after..].rfind(':') {
        Some(colon)
            if host[after + colon + 1..]
                .bytes()
                .all(|byte| byte.is_ascii_digit()) =>
        {
            (&host[..after + colon], &host[after + colon + 1..])
        }
        _ => (host, ""),
    }
}

/// `None` for a percent sign without two digits.
fn unescaped(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path with what no path may hold in percent signs; what is escaped stays.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*[]%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Every key with its values; pairs that cannot be read are dropped.
fn query(text: &str) -> Value {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.contains(';'))
    {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (unescaped(key, true), unescaped(value, true)) {
            values.entry(key).or_default().push(value);
        }
    }
    let map: HashMap<Key, Value> = values
        .into_iter()
        .map(|(key, values)| (Key::from(key), Value::from(values)))
        .collect();
    Value::Map(Map { map: Arc::new(map) })
}

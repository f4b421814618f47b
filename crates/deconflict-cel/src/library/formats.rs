//! Named formats: `format.dns1123Label().validate(self.name).hasValue()`.

use std::sync::LazyLock;

use cel::objects::{Opaque, OptionalValue};
use cel::{DeclarationError, ExecutionError, Value};

use super::{Library, Of, op, opaque, own, text, url};

const NAME: &str = "kubernetes.NamedFormat";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Format(&'static str);

impl Opaque for Format {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

/// One function a format, because a declared function carries no data.
macro_rules! formats {
    ($library:ident, $($name:literal),+) => {
        $($library.global(concat!("format.", $name), &[], op!(|_| Ok(opaque(Format($name)))))?;)+
        const NAMES: &[&str] = &[$($name),+];
        $library.global("format.named", &[Of::Text], op!(|all| {
            let asked = text(all, 0)?;
            let found = NAMES.iter().find(|name| **name == asked);
            Ok(opaque(found.map_or_else(OptionalValue::none, |name| OptionalValue::of(opaque(Format(name))))))
        }))?;
    };
}

pub(super) fn declare(library: &mut Library) -> Result<(), DeclarationError> {
    formats!(
        library,
        "dns1123Label",
        "dns1123Subdomain",
        "dns1035Label",
        "dns1123LabelPrefix",
        "dns1123SubdomainPrefix",
        "dns1035LabelPrefix",
        "qualifiedName",
        "labelValue",
        "uri",
        "uuid",
        "byte",
        "date",
        "datetime"
    );
    library.member(Of::Own(NAME), "validate", &[Of::Text], op!(validate))
}

/// Nothing for what fits, else what is wrong with it.
fn validate(all: &[Value]) -> Result<Value, ExecutionError> {
    let (format, text) = (own::<Format>(all, 0)?.0, text(all, 1)?);
    Ok(opaque(if fits(format, text) {
        OptionalValue::none()
    } else {
        OptionalValue::of(Value::from(vec![format!("must be a valid {format}")]))
    }))
}

fn fits(format: &str, text: &str) -> bool {
    // A prefix may end in the dash that what is appended follows.
    let prefix = |text: &str| text.strip_suffix('-').unwrap_or(text).to_owned();
    match format {
        "dns1123Label" => is_label(text),
        "dns1123LabelPrefix" => is_label(&prefix(text)),
        "dns1123Subdomain" => is_subdomain(text),
        "dns1123SubdomainPrefix" => is_subdomain(&prefix(text)),
        "dns1035Label" => is_old_label(text),
        "dns1035LabelPrefix" => is_old_label(&prefix(text)),
        "qualifiedName" => match text.split_once('/') {
            Some((domain, name)) => is_subdomain(domain) && is_name(name),
            None => is_name(text),
        },
        "labelValue" => text.is_empty() || is_name(text),
        "uri" => url::is_url(text),
        "uuid" => UUID.as_ref().is_some_and(|regex| regex.is_match(text)),
        "byte" => BASE64.as_ref().is_some_and(|regex| regex.is_match(text)),
        "date" => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10,
        "datetime" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        _ => false,
    }
}

static UUID: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$").ok()
});
static BASE64: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$").ok()
});

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

fn is_old_label(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Only the whole has a greatest length, its parts have none.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_part(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain) && text.ends_with(plain) && text.chars().all(|c| plain(c) || c == '-')
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.starts_with(plain)
        && text.ends_with(plain)
        && text.chars().all(|c| plain(c) || matches!(c, '-' | '_' | '.'))
}

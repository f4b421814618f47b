//! What single texts of the configuration may say.

use deconflict_findings::closest;

use super::Format;
use crate::{Glob, is_date};

/// Why a text does not do, and what would.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// What is wrong, after "`key`" in a sentence.
    pub(crate) message: String,
    /// The edit to make.
    pub(crate) help: Option<String>,
}

impl Complaint {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// Classes that mean something to us.
const CLASSES: [&str; 3] = ["production", "staging", "development"];

impl Format {
    /// True when an unquoted number is as good as text, because it is taken as written.
    pub(crate) fn takes_numbers(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Quantity)
    }

    /// What is wrong with `text`, if anything. `rules` are the ids that exist.
    pub(crate) fn complaint(self, text: &str, rules: &[&str]) -> Option<Complaint> {
        if self != Self::Free && text.trim().is_empty() {
            return Some(Complaint::new("must not be empty"));
        }
        match self {
            Self::Name | Self::Free => None,
            Self::Glob => glob(text),
            Self::Path => leads_outside(text).then(|| Complaint::new(OUTSIDE)),
            Self::Kubernetes => kubernetes(text),
            Self::Date => (!is_date(text)).then(|| {
                Complaint::new("is not a date")
                    .help(Some("write it as YYYY-MM-DD, for example 2027-06-30".to_owned()))
            }),
            Self::OneOf(words) => (!words.contains(&text)).then(|| {
                let words = quoted(words);
                Complaint::new(format!("must be one of {words}, not `{text}`"))
            }),
            Self::Class => class(text),
            Self::Quantity => (!is_quantity(text)).then(|| {
                Complaint::new(format!("is not an amount: `{text}`")).help(Some(
                    "write it as Kubernetes does: `8`, `500m`, `32Gi`".to_owned(),
                ))
            }),
            Self::Object => object(text),
            Self::Rule => unknown_rule(text, rules),
        }
    }
}

/// `a`, `b` or `c`.
pub(crate) fn quoted(words: &[&str]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        match index {
            0 => {}
            _ if index + 1 == words.len() => text.push_str(" or "),
            _ => text.push_str(", "),
        }
        text.push('`');
        text.push_str(word);
        text.push('`');
    }
    text
}

/// The complaint about a rule id that does not exist.
pub(crate) fn unknown_rule(id: &str, rules: &[&str]) -> Option<Complaint> {
    if rules.contains(&id) {
        return None;
    }
    let is_family = rules
        .iter()
        .any(|rule| rule.strip_prefix(id).is_some_and(|rest| rest.starts_with('-')));
    let help = if is_family && !id.contains('-') {
        format!("`{id}` is a family; name its rules one by one, or run with --skip {id}")
    } else if let Some(rule) = closest(id, rules.iter().copied()) {
        format!("did you mean `{rule}`?")
    } else {
        "`deconflict rules` lists all rules".to_owned()
    };
    Some(Complaint::new(format!("unknown rule `{id}`")).help(Some(help)))
}

const OUTSIDE: &str = "leads outside the repository";

fn leads_outside(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn glob(text: &str) -> Option<Complaint> {
    if leads_outside(text) {
        return Some(Complaint::new(OUTSIDE));
    }
    if text.split('/').any(|part| part == "..") {
        let help = "write the path without `..`".to_owned();
        return Some(Complaint::new("matches nothing: `..` is not resolved in a glob").help(Some(help)));
    }
    if text.starts_with('!') {
        let help = "list what is meant instead".to_owned();
        return Some(Complaint::new("starts with `!`, which does not negate here").help(Some(help)));
    }
    let why = Glob::new(text).err()?;
    Some(Complaint::new(format!("is not a glob: {why}")))
}

fn kubernetes(text: &str) -> Option<Complaint> {
    let minor = |text: &str| {
        let minor = text.strip_prefix("1.")?;
        let digits = minor.bytes().take_while(u8::is_ascii_digit).count();
        (1..=3)
            .contains(&digits)
            .then(|| (digits == minor.len(), minor[..digits].to_owned()))
    };
    match minor(text.strip_prefix('v').unwrap_or(text)) {
        Some((true, _)) if !text.starts_with('v') => None,
        found => {
            let example = found.map_or("34".to_owned(), |(_, minor)| minor);
            let complaint = Complaint::new(format!("must be a version like `1.34`, not `{text}`"));
            Some(complaint.help(Some(format!("write \"1.{example}\""))))
        }
    }
}

fn class(text: &str) -> Option<Complaint> {
    if CLASSES.contains(&text) || text.len() < 7 {
        return None;
    }
    let meant = closest(&text.to_lowercase(), CLASSES)?;
    Some(Complaint::new(format!("is `{text}`")).help(Some(format!("did you mean `{meant}`?"))))
}

fn object(text: &str) -> Option<Complaint> {
    let parts: Vec<&str> = text.split('/').collect();
    if matches!(parts.len(), 2 | 3) && parts.iter().all(|part| !part.is_empty()) {
        return None;
    }
    let help = "write Kind/name or Kind/namespace/name; `*` stands for anything".to_owned();
    Some(Complaint::new(format!("names no object: `{text}`")).help(Some(help)))
}

/// Suffixes of quantities: decimal and binary.
const SUFFIXES: [&str; 16] = [
    "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
];

/// A quantity by the grammar of k8s.io/apimachinery's resource package: a number, then a suffix or an exponent.
fn is_quantity(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - rest.len()];
    let is_number = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    let is_exponent = || {
        let digits = rest.strip_prefix(['e', 'E']).unwrap_or_default();
        let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_number && (SUFFIXES.contains(&rest) || is_exponent())
}

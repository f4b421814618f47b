//! Holds an object against the structure the bundle knows: fields, types, required, enums, formats, list maps.

use std::fmt;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, Style, Value};
use rustc_hash::FxHashMap;

use super::bundle::{Bundle, KindId, RowView, TypeView};
use super::formats::{is_base64, is_time};
use super::memo::Memo;
use super::path::{Part, Trail, write_path};
use super::suggest::nearest;
use super::version::KubernetesVersion;
use crate::Quantity;

/// A place where an object does not fit its structure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Structural {
    /// What is wrong.
    pub kind: StructuralKind,
    /// The smallest text that shows it: a key for an unknown field, a value for a wrong one, the parent for a missing one.
    pub at: Origin,
    /// The field's path, for example `spec.template.spec.containers[0].image`.
    pub path: String,
    /// The scalar that stands there, for proposing a repair.
    pub bare: Option<(String, Style)>,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StructuralKind {
    /// There is no field of that name.
    UnknownField {
        /// A similar field that exists.
        nearest: Option<&'static str>,
        /// Kubernetes versions that have the field, when some do: first and last.
        elsewhere: Option<(KubernetesVersion, KubernetesVersion)>,
        /// The knowledge is partial (a custom resource's generated code), so this is a hint.
        unsure: bool,
    },
    /// A value of another type.
    WrongType {
        /// What the field takes.
        expected: Expected,
        /// What stands there, in words: `the string "3"`, `a list`.
        found: String,
    },
    /// A required field is not there.
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A text outside the closed set.
    NotInEnum {
        /// What stands there.
        found: String,
        /// The values that are allowed.
        allowed: Vec<&'static str>,
        /// The value that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Two items of a list share their keys.
    DuplicateItem {
        /// The keys, with values.
        keys: String,
        /// The first of them.
        first: Origin,
    },
}

/// What a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// A map.
    Map,
    /// A list.
    List,
    /// A string.
    String,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An integer or a string.
    IntOrString,
    /// A quantity.
    Quantity,
    /// RFC 3339.
    Time,
    /// Base64.
    Base64,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "a map",
            Self::List => "a list",
            Self::String => "a string",
            Self::Int32 | Self::Int64 => "an integer",
            Self::Number => "a number",
            Self::Bool => "`true` or `false`",
            Self::IntOrString => "an integer or a string",
            Self::Quantity => "a quantity such as `500m` or `2Gi`",
            Self::Time => "a time such as `2027-01-31T08:00:00Z`",
            Self::Base64 => "base64",
        })
    }
}

/// Everything in which `object` differs from the structure of `kind` at `version`, in the order of the text. What `memo`
/// knows to be right is not looked at again.
pub fn check_structure(
    bundle: &Bundle,
    kind: KindId,
    version: KubernetesVersion,
    object: &Node,
    memo: &Memo,
) -> Vec<Structural> {
    let mut walk = Walk {
        bundle,
        memo,
        bit: version.bit(),
        minor: version.minor(),
        custom: bundle.is_custom(kind),
        found: Vec::new(),
    };
    walk.fields(bundle.root(kind), object, None);
    walk.found
}

struct Walk<'a> {
    bundle: &'a Bundle,
    memo: &'a Memo,
    bit: u16,
    minor: u16,
    custom: bool,
    found: Vec<Structural>,
}

const DIALECT: Dialect = Dialect::Kubernetes;

impl Walk<'_> {
    fn report(&mut self, kind: StructuralKind, at: Origin, trail: Option<&Trail<'_>>) {
        self.found.push(Structural {
            kind,
            at,
            path: write_path(trail),
            bare: None,
        });
    }

    fn fields(&mut self, id: u32, node: &Node, trail: Option<&Trail<'_>>) {
        let Kind::Map(fields) = &node.kind else {
            self.wrong(Expected::Map, node, trail);
            return;
        };
        let mut seen_required = 0;
        for field in fields {
            let name = field.name();
            let here = Trail {
                part: Part::Key(name),
                before: trail,
            };
            let row = self
                .bundle
                .name_id(name)
                .and_then(|name| self.bundle.field(id, name, self.bit));
            let Some(row) = row else {
                self.unknown(id, field, &here);
                continue;
            };
            if row.required && !field.value.is_null(DIALECT) {
                seen_required += 1;
            }
            self.value(row.ty, &field.value, &here);
        }
        let (bundle, bit) = (self.bundle, self.bit);
        let required = || {
            bundle
                .rows(id)
                .filter(move |row| row.required && row.mask & bit != 0)
        };
        if required().count() > seen_required {
            for row in required() {
                let name = bundle.string(row.name);
                if node.get(name).is_none_or(|value| value.is_null(DIALECT)) {
                    let here = Trail {
                        part: Part::Key(name),
                        before: trail,
                    };
                    self.report(StructuralKind::Missing { field: name }, node.at, Some(&here));
                }
            }
        }
    }

    fn unknown(&mut self, id: u32, field: &Field, here: &Trail<'_>) {
        if self.bundle.is_open(id) || field.name() == "<<" && field.key.is_bare() {
            return;
        }
        let rows: Vec<RowView> = self.bundle.rows(id).collect();
        let known = self.bundle.name_id(field.name());
        let elsewhere = known.and_then(|name| {
            let mask = rows
                .iter()
                .filter(|row| row.name == name)
                .fold(0, |mask, row| mask | row.mask);
            let mut versions = KubernetesVersion::all().filter(|version| mask & version.bit() != 0);
            let since = versions.next()?;
            Some((since, versions.next_back().unwrap_or(since)))
        });
        let names = rows
            .iter()
            .filter(|row| row.mask & self.bit != 0)
            .map(|row| self.bundle.string(row.name));
        let nearest = if elsewhere.is_some() {
            None
        } else {
            nearest(field.name(), names)
        };
        let kind = StructuralKind::UnknownField {
            nearest,
            elsewhere,
            unsure: self.custom,
        };
        self.report(kind, field.key_at.0, Some(here));
    }

    fn value(&mut self, ty: u32, node: &Arc<Node>, trail: &Trail<'_>) {
        let shared = node.as_scalar().is_none() && Memo::is_shared(node);
        if shared && self.memo.is_right(node, ty, self.bit) {
            return;
        }
        let before = self.found.len();
        self.look(ty, node, trail);
        if shared && self.found.len() == before {
            self.memo.remember(node, ty, self.bit);
        }
    }

    fn look(&mut self, ty: u32, node: &Node, trail: &Trail<'_>) {
        if node.is_null(DIALECT) {
            return;
        }
        match self.bundle.ty(ty) {
            TypeView::Any => {}
            TypeView::Struct(id) => self.fields(id, node, Some(trail)),
            TypeView::RawObject => {
                if !node.is_map() {
                    self.wrong(Expected::Map, node, Some(trail));
                }
            }
            TypeView::Map(value) => match &node.kind {
                Kind::Map(fields) => {
                    for field in fields {
                        let here = Trail {
                            part: Part::Key(field.name()),
                            before: Some(trail),
                        };
                        self.value(value, &field.value, &here);
                    }
                }
                _ => self.wrong(Expected::Map, node, Some(trail)),
            },
            TypeView::List(list, item) => match &node.kind {
                Kind::List(items) => {
                    for (index, value) in items.iter().enumerate() {
                        let here = Trail {
                            part: Part::Index(index),
                            before: Some(trail),
                        };
                        self.value(item, value, &here);
                    }
                    self.duplicates(list, items, trail);
                }
                _ => self.wrong(Expected::List, node, Some(trail)),
            },
            scalar => self.scalar(scalar, node, trail),
        }
    }

    fn scalar(&mut self, ty: TypeView, node: &Node, trail: &Trail<'_>) {
        let Some(scalar) = node.as_scalar() else {
            self.wrong(expected(ty), node, Some(trail));
            return;
        };
        let value = DIALECT.read(scalar);
        let text = scalar.text.as_str();
        let fits = match ty {
            TypeView::String => value == Value::String,
            TypeView::Bool => matches!(value, Value::Bool(_)),
            TypeView::Int32 => integer(value).is_some_and(|number| i32::try_from(number).is_ok()),
            TypeView::Int64 => integer(value).is_some_and(|number| i64::try_from(number).is_ok()),
            TypeView::Number => matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_)),
            TypeView::IntOrString => {
                value == Value::String || integer(value).is_some_and(|number| i32::try_from(number).is_ok())
            }
            TypeView::Quantity => match value {
                Value::String => text.is_empty() || Quantity::parse(text).is_some(),
                Value::Int(_) | Value::Uint(_) | Value::Float(_) => true,
                _ => false,
            },
            TypeView::Time | TypeView::MicroTime => value == Value::String && is_time(text),
            TypeView::Bytes => value == Value::String && is_base64(text),
            TypeView::Enum(id) => {
                if value == Value::String {
                    self.in_enum(id, text, node, trail);
                    return;
                }
                false
            }
            _ => true,
        };
        if !fits {
            self.wrong(expected(ty), node, Some(trail));
        }
    }

    /// An empty string counts as unset: the server fills in the default.
    fn in_enum(&mut self, id: u32, text: &str, node: &Node, trail: &Trail<'_>) {
        let minor = self.minor;
        let values = self
            .bundle
            .enum_values(id)
            .filter(|(_, since, until)| (*since..=*until).contains(&minor));
        let allowed: Vec<&'static str> = values.map(|(value, _, _)| value).collect();
        if text.is_empty() || allowed.contains(&text) {
            return;
        }
        let nearest = nearest(text, allowed.iter().copied().filter(|value| !value.is_empty()));
        self.report(
            StructuralKind::NotInEnum {
                found: text.to_owned(),
                allowed,
                nearest,
            },
            node.at,
            Some(trail),
        );
    }

    fn duplicates(&mut self, list: u16, items: &[Arc<Node>], trail: &Trail<'_>) {
        if items.len() < 2 {
            return;
        }
        let keys: Vec<&'static str> = self.bundle.list_keys(list).collect();
        let set = self.bundle.is_set(list);
        if keys.is_empty() && !set {
            return;
        }
        let part = |item: &'_ Node, key: usize| match keys.get(key) {
            Some(key) => key_value(item, key).to_owned(),
            None => item.text().unwrap_or_default().to_owned(),
        };
        let place = |item: &Node| {
            keys.first()
                .and_then(|key| item.get(key))
                .map_or(item.at, |value| value.at)
        };
        let mut seen: FxHashMap<Vec<String>, Origin> = FxHashMap::default();
        for (index, item) in items.iter().enumerate() {
            let values: Vec<String> = (0..keys.len().max(1)).map(|key| part(item, key)).collect();
            if values.iter().all(String::is_empty) {
                continue;
            }
            let Some(first) = seen.get(&values).copied() else {
                seen.insert(values, place(item));
                continue;
            };
            let pairs = keys
                .iter()
                .zip(&values)
                .map(|(key, value)| format!("`{key}: {value}`"));
            let text = if set {
                format!("`{}`", values.join(""))
            } else {
                pairs.collect::<Vec<_>>().join(", ")
            };
            let here = Trail {
                part: Part::Index(index),
                before: Some(trail),
            };
            self.report(
                StructuralKind::DuplicateItem { keys: text, first },
                place(item),
                Some(&here),
            );
        }
    }

    fn wrong(&mut self, expected: Expected, node: &Node, trail: Option<&Trail<'_>>) {
        let found = match &node.kind {
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
            Kind::Scalar(scalar) => match DIALECT.read(scalar) {
                Value::Null => "nothing".to_owned(),
                Value::String => format!("the string {:?}", shorten(&scalar.text)),
                Value::Bool(value) if scalar.text == value.to_string().as_str() => format!("`{value}`"),
                Value::Bool(value) => format!("`{}`, which YAML reads as {value}", scalar.text),
                _ => format!("the number {}", shorten(&scalar.text)),
            },
        };
        self.report(StructuralKind::WrongType { expected, found }, node.at, trail);
        if let (Some(last), Some(scalar)) = (self.found.last_mut(), node.as_scalar()) {
            last.bare = Some((scalar.text.to_string(), scalar.style));
        }
    }
}

/// The value of a list-map key; an absent protocol is TCP, as the server defaults it before it compares.
fn key_value<'n>(item: &'n Node, key: &str) -> &'n str {
    match item.get(key).and_then(|value| value.text()) {
        Some(text) => text,
        None if key == "protocol" => "TCP",
        None => "",
    }
}

fn integer(value: Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some(number.into()),
        Value::Uint(number) => Some(number.into()),
        // JSON has one kind of number: `2.0` and `1e1` are integers to the server.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.2e18 =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked to be integral and within i64"
            )]
            Some(number as i128)
        }
        _ => None,
    }
}

fn expected(ty: TypeView) -> Expected {
    match ty {
        TypeView::Int32 => Expected::Int32,
        TypeView::Int64 => Expected::Int64,
        TypeView::Number => Expected::Number,
        TypeView::Bool => Expected::Bool,
        TypeView::IntOrString => Expected::IntOrString,
        TypeView::Quantity => Expected::Quantity,
        TypeView::Time | TypeView::MicroTime => Expected::Time,
        TypeView::Bytes => Expected::Base64,
        TypeView::List(..) => Expected::List,
        TypeView::Struct(_) | TypeView::Map(_) | TypeView::RawObject => Expected::Map,
        TypeView::String | TypeView::Enum(_) | TypeView::Any => Expected::String,
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.to_owned()
    } else {
        text.chars().take(40).chain(['…']).collect()
    }
}

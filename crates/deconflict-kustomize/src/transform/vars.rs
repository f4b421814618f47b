//! `vars`: values of objects that stand in for `$(NAME)`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_yaml::{Dialect, Kind, Node, Scalar, Value};
use smol_str::{SmolStr, ToSmolStr};

use super::FieldSpecs;
use super::expansion::{expand, whole};
use super::fieldspec::{Creation, Grouped, with_kind};
use super::path_matcher;
use super::read::Reader;
use super::value::text_scalar;
use crate::Problem;
use crate::model::{Gvk, ResId, ResMap};

/// One variable.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    /// Its name.
    pub(crate) name: SmolStr,
    /// The entry.
    pub(crate) at: Origin,
    /// The object as it was loaded.
    object: ResId,
    /// The object's kind without `apiVersion`, for messages.
    written: Gvk,
    path: SmolStr,
}

/// `{NAME Kind.version.group {path}}`, as Go prints it.
impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{} {} {{{}}}}}", self.name, self.written, self.path)
    }
}

impl Var {
    /// From one item of `vars`.
    pub(crate) fn from_field(item: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(item, "Var")?;
        let empty = Node::map(item.at);
        let object = Reader::new(reader.value("objref").map_or(&empty, |object| object), "Target")?;
        let field = Reader::new(
            reader.value("fieldref").map_or(&empty, |field| field),
            "FieldSelector",
        )?;
        let written = Gvk {
            group: object.text_or_empty("group")?,
            version: object.text_or_empty("version")?,
            kind: object.text_or_empty("kind")?,
        };
        let api_version = object.text_or_empty("apiVersion")?;
        let gvk = match api_version.as_str() {
            "" => written.clone(),
            text => match text.split_once('/') {
                Some((group, version)) => Gvk {
                    group: group.into(),
                    version: version.into(),
                    kind: written.kind.clone(),
                },
                None => Gvk {
                    version: text.into(),
                    ..written.clone()
                },
            },
        };
        let path = field.text_or_empty("fieldpath")?;
        Ok(Self {
            name: reader.text_or_empty("name")?,
            at: item.at,
            object: ResId::new(
                gvk,
                object.text_or_empty("name")?,
                object.text_or_empty("namespace")?,
            ),
            written,
            path: if path.is_empty() {
                "metadata.name".into()
            } else {
                path
            },
        })
    }
}

/// The variables of a build so far, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct VarSet {
    vars: BTreeMap<SmolStr, Var>,
}

impl VarSet {
    /// True without any.
    pub(crate) fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }

    /// Add the variables that a kustomization declares, and note them on the objects they mean (`MergeVars`).
    ///
    /// # Errors
    /// A name that is there already, and an object that could be several.
    pub(crate) fn declare(&mut self, set: &mut ResMap, vars: &[Var]) -> Result<(), Problem> {
        for var in vars {
            let wanted = &set.declared(&var.object);
            let exact = !wanted.namespace.is_empty() || wanted.is_cluster_scoped();
            let named = set.named(&wanted.name).iter().map(|position| *position as usize);
            let matched: Vec<usize> = named
                .filter(|position| {
                    let id = set.get(*position).original_id();
                    if exact {
                        id.same_as(wanted)
                    } else {
                        id.name == wanted.name && id.gvk == wanted.gvk
                    }
                })
                .collect();
            match matched[..] {
                [] => {}
                [one] => set.update(one, |resource| resource.var_names.push(var.name.clone())),
                _ => {
                    let message = format!(
                        "found {} resId matches for var {var} (unable to disambiguate)",
                        matched.len()
                    );
                    let mut problem = Problem::build(message).at(var.at);
                    problem.related = matched
                        .iter()
                        .map(|position| set.get(*position).declared_at)
                        .collect();
                    return Err(problem);
                }
            }
        }
        vars.iter().try_for_each(|var| self.add(var))
    }

    /// Add the variables of a base (`MergeSet`).
    ///
    /// # Errors
    /// A name that is there already.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Problem> {
        other.vars.values().try_for_each(|var| self.add(var))
    }

    fn add(&mut self, var: &Var) -> Result<(), Problem> {
        if let Some(first) = self.vars.get(&var.name) {
            let mut problem = Problem::build(format!("var '{}' already encountered", var.name)).at(var.at);
            problem.related.push(first.at);
            return Err(problem);
        }
        self.vars.insert(var.name.clone(), var.clone());
        Ok(())
    }
}

/// What happened besides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    /// Variables that stand nowhere: name and entry.
    pub(crate) unused: Vec<(SmolStr, Origin)>,
}

/// A value as Go holds it.
struct Known {
    /// What the whole text becomes; `None` for lists and maps, which are not put in.
    scalar: Option<Scalar>,
    /// What it looks like within a text.
    text: String,
    node: Arc<Node>,
    uses: usize,
}

/// Put the values in, at the root of a build.
///
/// # Errors
/// A variable without its object or field; keys and list items that are no texts.
pub(crate) fn apply(set: &mut ResMap, vars: &VarSet, specs: &FieldSpecs) -> Result<Outcome, Problem> {
    if vars.is_empty() {
        return Ok(Outcome::default());
    }
    let mut known: BTreeMap<SmolStr, Known> = BTreeMap::new();
    for var in vars.vars.values() {
        known.insert(
            var.name.clone(),
            value_of(set, var).map_err(|problem| problem.at(var.at))?,
        );
    }
    let grouped = Grouped::new(&specs.var_reference);
    set.try_update_all(|resource| {
        let at = resource.declared_at;
        let mut set = |node: &Arc<Node>| in_value(node, &mut known);
        grouped.apply(resource, Creation::Never, at, &mut set)
    })?;
    let unused = vars
        .vars
        .values()
        .filter(|var| known.get(&var.name).is_some_and(|known| known.uses == 0));
    Ok(Outcome {
        unused: unused.map(|var| (var.name.clone(), var.at)).collect(),
    })
}

fn value_of(set: &ResMap, var: &Var) -> Result<Known, Problem> {
    let Some(resource) = set.iter().find(|resource| resource.var_names.contains(&var.name)) else {
        return Err(Problem::build(format!(
            "var '{var}' cannot be mapped to a field in the set of known resources"
        )));
    };
    let missing = || {
        Problem::build(format!(
            "field specified in var '{var}' not found in corresponding resource"
        ))
    };
    let found = path_matcher::lookup(resource.body(), &with_indexes(&var.path));
    let node = found.ok().flatten().ok_or_else(missing)?;
    let scalar = node.as_scalar();
    let read = scalar.map(|scalar| (scalar, Dialect::Resource.read(scalar)));
    let (scalar, text) = match read {
        None => (None, String::new()),
        Some((scalar, Value::Int(number))) => {
            // Go reads the text as a decimal number.
            if scalar.text.trim_start_matches(['+', '-']).starts_with('0') && number != 0 {
                return Err(missing());
            }
            (Some(Scalar::plain(number.to_smolstr())), number.to_string())
        }
        Some((scalar, Value::Uint(_))) => {
            let _ = scalar;
            return Err(missing());
        }
        Some((scalar, Value::Float(number))) => (Some(scalar.clone()), float_text(number)),
        Some((scalar, Value::Bool(flag))) => {
            let _ = scalar;
            (Some(Scalar::plain(flag.to_smolstr())), flag.to_string())
        }
        Some((scalar, _)) => (Some(text_scalar(scalar.text.clone())), scalar.text.to_string()),
    };
    Ok(Known {
        scalar,
        text,
        node: Arc::clone(node),
        uses: 0,
    })
}

/// Go's `%v` of a float.
fn float_text(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{number}")
}

/// `ports[0]` as the parts `ports` and `0`.
fn with_indexes(path: &str) -> Vec<SmolStr> {
    let mut result = Vec::new();
    for part in path_matcher::split(path) {
        let indexed = part
            .strip_suffix(']')
            .and_then(|inner| inner.rsplit_once('['))
            .filter(|(_, index)| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()));
        match indexed {
            None => result.push(part),
            Some((name, index)) => {
                if !name.is_empty() {
                    result.push(name.into());
                }
                result.push(index.into());
            }
        }
    }
    result
}

fn in_value(node: &Arc<Node>, known: &mut BTreeMap<SmolStr, Known>) -> Result<Option<Arc<Node>>, Problem> {
    let is_text = |node: &Node| node.as_str(Dialect::Resource).is_some();
    match &node.kind {
        Kind::Scalar(scalar) if is_text(node) => Ok(in_text(node, scalar, known)),
        Kind::Scalar(_) => Ok(None),
        Kind::Map(fields) => {
            let mut changed = None;
            for (index, field) in fields.iter().enumerate() {
                if Dialect::Resource.read(&field.key) != Value::String {
                    let message = format!("invalid map key: value='{}'", field.name());
                    return Err(Problem::build(message).at(field.key_at.0));
                }
                if let Some(scalar) = field.value.as_scalar().filter(|_| is_text(&field.value))
                    && let Some(new) = in_text(&field.value, scalar, known)
                {
                    changed.get_or_insert_with(|| fields.clone())[index].value = new;
                }
            }
            Ok(changed.map(|fields| with_kind(node, Kind::Map(fields))))
        }
        Kind::List(items) => {
            let mut changed: Option<Vec<Arc<Node>>> = None;
            for (index, item) in items.iter().enumerate() {
                let Some(scalar) = item.as_scalar().filter(|_| is_text(item)) else {
                    return Err(Problem::build("invalid value type expect a string").at(item.at));
                };
                if let Some(new) = in_text(item, scalar, known) {
                    changed.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            Ok(changed.map(|items| with_kind(node, Kind::List(items))))
        }
    }
}

fn in_text(node: &Arc<Node>, scalar: &Scalar, known: &mut BTreeMap<SmolStr, Known>) -> Option<Arc<Node>> {
    if !scalar.text.contains('$') {
        return None;
    }
    let mut first: Option<Arc<Node>> = None;
    let mut use_of = |name: &str| {
        let known = known.get_mut(name).filter(|known| known.scalar.is_some())?;
        known.uses += 1;
        first.get_or_insert_with(|| Arc::clone(&known.node));
        Some((known.scalar.clone(), known.text.clone()))
    };
    let new = match whole(&scalar.text) {
        Some(name) => use_of(name)?.0?,
        None => text_scalar(expand(&scalar.text, |name| use_of(name).map(|(_, text)| text)).into()),
    };
    if new.text == scalar.text && first.is_none() {
        return None;
    }
    // Within a text the text itself is what one would edit; a whole value is edited at its source.
    let (at, via) = match (whole(&scalar.text), first) {
        (Some(_), Some(source)) => (source.at, node.at),
        (_, Some(source)) => (node.at, source.at),
        (_, None) => (node.at, node.at),
    };
    Some(Arc::new(Node {
        at,
        via: Some(Step::new(Action::Substituted, "vars", via, node.via.as_ref())),
        kind: Kind::Scalar(new),
    }))
}

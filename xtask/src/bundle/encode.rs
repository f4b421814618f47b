//! The binary form: fixed-width little-endian records, read in place by `deconflict_kube::schema::Bundle`, which
//! documents the layout.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, ListKind, Type};

/// Encode the graph, and name the structs that are stored. Errors when a table outgrows its index.
pub(super) fn encode(graph: &Graph) -> Result<(Vec<u8>, Vec<String>), String> {
    let shared = Shared::new(graph);
    let strings = Strings::collect(graph, &shared);
    let mut tables = Tables {
        shared: &shared,
        types: Vec::new(),
        type_ids: BTreeMap::new(),
        lists: vec![(ListKind::default(), 0)],
        list_ids: BTreeMap::from([(ListKind::default(), 0)]),
        enums: Vec::new(),
        enum_ids: BTreeMap::new(),
    };

    let mut structs = Vec::new();
    let mut rows = Vec::new();
    for name in &shared.order {
        let item = &graph.structs[name];
        let first = rows.len() / 12;
        let mut sorted: Vec<(u32, u32, u16, u16)> = Vec::new();
        for (field, versions) in &item.rows {
            for row in versions {
                // Required: only where every version that has the struct says so (the server does not enforce it).
                let all = versions
                    .iter()
                    .map(|row| row.required)
                    .fold(0, |all, mask| all | mask);
                let required = u16::from(all != 0 && all & item.mask == item.mask);
                sorted.push((strings.id(field), tables.type_id(&row.ty)?, row.mask, required));
            }
        }
        sorted.sort_unstable();
        for (field, ty, mask, required) in &sorted {
            rows.extend(field.to_le_bytes());
            rows.extend(ty.to_le_bytes());
            rows.extend(mask.to_le_bytes());
            rows.extend(required.to_le_bytes());
        }
        structs.extend((first as u32).to_le_bytes());
        structs.extend(
            u16::try_from(sorted.len())
                .map_err(|_| "too many fields")?
                .to_le_bytes(),
        );
        structs.extend(u16::from(item.open).to_le_bytes());
        structs.extend(strings.id(name).to_le_bytes());
    }

    let mut kinds = Vec::new();
    for ((group, kind, version), facts) in &graph.kinds {
        let scope: u16 = match facts.namespaced {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        };
        let flags = scope | if facts.custom { 4 } else { 0 };
        for part in [
            strings.id(group),
            strings.id(kind),
            strings.id(version),
            shared.ids[&facts.root],
            strings.id(&facts.plural),
        ] {
            kinds.extend(part.to_le_bytes());
        }
        kinds.extend(facts.mask.to_le_bytes());
        kinds.extend(flags.to_le_bytes());
    }

    let types: Vec<u8> = tables
        .types
        .iter()
        .flat_map(|(tag, a, b)| [u32::from(*tag) | u32::from(*a) << 16, *b])
        .flat_map(u32::to_le_bytes)
        .collect();
    let mut words: Vec<u8> = Vec::new();
    let mut lists = Vec::new();
    for (list, _) in &tables.lists {
        let keys: Vec<u32> = list.keys.iter().map(|key| strings.id(key)).collect();
        let merge = if list.merge_key.is_empty() {
            u32::MAX
        } else {
            strings.id(&list.merge_key)
        };
        lists.extend(((words.len() / 4) as u32).to_le_bytes());
        lists.extend((keys.len() as u16).to_le_bytes());
        lists.extend(u16::from(list.set).to_le_bytes());
        lists.extend(merge.to_le_bytes());
        words.extend(keys.into_iter().flat_map(u32::to_le_bytes));
    }
    let mut enums = Vec::new();
    for values in &tables.enums {
        enums.extend(((words.len() / 4) as u32).to_le_bytes());
        enums.extend((values.len() as u32).to_le_bytes());
        for value in values {
            // `value@since-until`: which minors have it.
            let (text, range) = value.rsplit_once('@').unwrap_or((value, ""));
            let (since, until) = range.split_once('-').unwrap_or((range, ""));
            let minor = |text: &str, default: u16| {
                text.strip_prefix("1.")
                    .and_then(|minor| minor.parse().ok())
                    .unwrap_or(default)
            };
            words.extend(strings.id(text).to_le_bytes());
            words
                .extend((u32::from(minor(since, 0)) | u32::from(minor(until, u16::MAX)) << 16).to_le_bytes());
        }
    }
    let (offsets, text, slots) = strings.tables();

    let sections = [
        offsets, text, slots, types, lists, enums, words, structs, rows, kinds,
    ];
    let mut bytes = b"DCKB0001".to_vec();
    let mut at = bytes.len() + sections.len() * 8;
    for section in &sections {
        bytes.extend((at as u32).to_le_bytes());
        bytes.extend((section.len() as u32).to_le_bytes());
        at += section.len().next_multiple_of(4);
    }
    for section in &sections {
        bytes.extend(section);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    Ok((bytes, shared.order))
}

/// Equal structs of custom resources are stored once.
struct Shared {
    ids: BTreeMap<String, u32>,
    order: Vec<String>,
}

impl Shared {
    fn new(graph: &Graph) -> Self {
        // Structs are equal when their rows are, with references replaced by what they refer to. Repeating until
        // nothing changes finds equal leaves first, then what is built of them.
        let mut canonical: BTreeMap<&String, &String> =
            graph.structs.keys().map(|name| (name, name)).collect();
        loop {
            let mut seen: BTreeMap<String, &String> = BTreeMap::new();
            let mut changed = false;
            for (name, item) in &graph.structs {
                let mut form = format!("{} {}", item.open, item.mask);
                if !name.contains('/') {
                    form.push_str(name); // Kubernetes' own keep their names: rules ask for them.
                }
                for (field, rows) in &item.rows {
                    for row in rows {
                        form.push_str(&format!(
                            "|{field} {} {} {}",
                            text(&row.ty, &canonical),
                            row.mask,
                            row.required
                        ));
                    }
                }
                let first = *seen.entry(form).or_insert(name);
                if canonical[name] != first {
                    canonical.insert(name, first);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let order: Vec<String> = graph
            .structs
            .keys()
            .filter(|name| canonical[name] == *name)
            .cloned()
            .collect();
        let position: BTreeMap<&String, u32> = order.iter().zip(0..).collect();
        let ids = canonical
            .iter()
            .map(|(name, first)| ((*name).clone(), position[first]))
            .collect();
        Self { ids, order }
    }
}

fn text(ty: &Type, canonical: &BTreeMap<&String, &String>) -> String {
    match ty {
        Type::Struct(name) => canonical
            .get(name)
            .map_or_else(|| name.clone(), |first| (*first).clone()),
        Type::Map(value) => format!("map<{}>", text(value, canonical)),
        Type::List { item, kind } => format!("list<{}> {kind:?}", text(item, canonical)),
        other => other.text(),
    }
}

struct Tables<'a> {
    shared: &'a Shared,
    types: Vec<(u8, u16, u32)>,
    type_ids: BTreeMap<(u8, u16, u32), u32>,
    lists: Vec<(ListKind, u32)>,
    list_ids: BTreeMap<ListKind, u16>,
    enums: Vec<Vec<String>>,
    enum_ids: BTreeMap<Vec<String>, u32>,
}

impl Tables<'_> {
    fn type_id(&mut self, ty: &Type) -> Result<u32, String> {
        let record = match ty {
            Type::Any => (0, 0, 0),
            Type::Struct(name) => match self.shared.ids.get(name) {
                Some(id) => (1, 0, *id),
                None => return Err(format!("no struct {name}")),
            },
            Type::Map(value) => (2, 0, self.type_id(value)?),
            Type::List { item, kind } => {
                let list = if let Some(id) = self.list_ids.get(kind) {
                    *id
                } else {
                    let id = u16::try_from(self.lists.len()).map_err(|_| "too many list kinds")?;
                    self.lists.push((kind.clone(), 0));
                    self.list_ids.insert(kind.clone(), id);
                    id
                };
                (3, list, self.type_id(item)?)
            }
            Type::String => (4, 0, 0),
            Type::Int32 => (5, 0, 0),
            Type::Int64 => (6, 0, 0),
            Type::Number => (7, 0, 0),
            Type::Bool => (8, 0, 0),
            Type::IntOrString => (9, 0, 0),
            Type::Quantity => (10, 0, 0),
            Type::Time => (11, 0, 0),
            Type::MicroTime => (12, 0, 0),
            Type::Bytes => (13, 0, 0),
            Type::RawObject => (14, 0, 0),
            Type::Enum(values) => {
                let next = self.enums.len() as u32;
                let id = *self.enum_ids.entry(values.clone()).or_insert(next);
                if id == next {
                    self.enums.push(values.clone());
                }
                (15, 0, id)
            }
        };
        let next = self.types.len() as u32;
        let id = *self.type_ids.entry(record).or_insert(next);
        if id == next {
            self.types.push(record);
        }
        Ok(id)
    }
}

/// All names, sorted, so that ids compare like texts.
struct Strings {
    sorted: Vec<String>,
    ids: BTreeMap<String, u32>,
}

impl Strings {
    fn collect(graph: &Graph, shared: &Shared) -> Self {
        let mut all: BTreeSet<String> = BTreeSet::new();
        for name in &shared.order {
            all.insert(name.clone());
            for (field, rows) in &graph.structs[name].rows {
                all.insert(field.clone());
                for row in rows {
                    of_type(&row.ty, &mut all);
                }
            }
        }
        for ((group, kind, version), facts) in &graph.kinds {
            all.extend([group.clone(), kind.clone(), version.clone(), facts.plural.clone()]);
        }
        let sorted: Vec<String> = all.into_iter().collect();
        let ids = sorted.iter().cloned().zip(0..).collect();
        Self { sorted, ids }
    }

    fn id(&self, text: &str) -> u32 {
        self.ids.get(text).copied().unwrap_or(u32::MAX)
    }

    /// Offsets (one more than strings), the text, and an open-addressing table of ids (`u32::MAX` = empty).
    fn tables(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut offsets: Vec<u8> = 0u32.to_le_bytes().to_vec();
        let mut text: Vec<u8> = Vec::new();
        for string in &self.sorted {
            text.extend(string.as_bytes());
            offsets.extend((text.len() as u32).to_le_bytes());
        }
        let size = (self.sorted.len() * 2).next_power_of_two();
        let mut slots = vec![u32::MAX; size];
        for (id, string) in self.sorted.iter().enumerate() {
            let mut slot = hash(string.as_bytes()) as usize & (size - 1);
            while slots[slot] != u32::MAX {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = id as u32;
        }
        (
            offsets,
            text,
            slots.into_iter().flat_map(u32::to_le_bytes).collect(),
        )
    }
}

/// The texts that a type names.
fn of_type(ty: &Type, all: &mut BTreeSet<String>) {
    match ty {
        Type::Map(value) => of_type(value, all),
        Type::List { item, kind } => {
            all.extend(kind.keys.iter().cloned());
            all.insert(kind.merge_key.clone());
            of_type(item, all);
        }
        Type::Enum(values) => {
            all.extend(values.iter().map(|value| {
                value
                    .rsplit_once('@')
                    .map_or(value.as_str(), |(text, _)| text)
                    .to_owned()
            }));
        }
        _ => {}
    }
}

/// FNV-1a, 32 bits; `deconflict_kube::schema::Bundle` computes the same.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

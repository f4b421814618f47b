//! The embedded bundle: Kubernetes 1.25 to 1.37 and popular custom resources, as fixed-width little-endian records that
//! are read where they lie. Nothing is parsed or allocated at start.
//!
//! Layout: 8 bytes magic, then ten sections, each announced by offset and length (u32): string offsets, string text,
//! hash slots (FNV-1a, open addressing, `u32::MAX` empty), types (tag | list << 16, payload), lists (first key, keys: u16,
//! set: u16, merge key), enums (first word, count), words, structs (first row, rows: u16, open: u16, name), rows (name,
//! type, versions: u16, required: u16), kinds (group, kind, version, struct, plural, versions: u16, flags: u16). Strings
//! are sorted, so ids order like texts; rows of a struct and kinds are sorted by their leading ids.
//! Made by `cargo xtask bundle`, which names the packages the facts come from.

use super::KubernetesVersion;
use crate::Scope;

static BYTES: &[u8] = include_bytes!("../../../../schemas/kubernetes.bin");

const NONE: u32 = u32::MAX;
const SECTIONS: usize = 10;

/// The bundle. All methods are lookups; ids are positions in its tables.
#[derive(Clone, Copy)]
pub struct Bundle {
    sections: [(usize, usize); SECTIONS],
}

/// A kind at one version: a row of the kinds table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KindId(u32);

/// A version of a kind and where it is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Served {
    /// The API version, without group.
    pub version: &'static str,
    /// First Kubernetes version that serves it.
    pub since: KubernetesVersion,
    /// Last Kubernetes version of the bundle that serves it.
    pub until: KubernetesVersion,
}

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TypeView {
    Any,
    Struct(u32),
    Map(u32),
    List(u16, u32),
    String,
    Int32,
    Int64,
    Number,
    Bool,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    Bytes,
    RawObject,
    Enum(u32),
}

/// One field of a struct at one version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowView {
    pub(crate) name: u32,
    pub(crate) ty: u32,
    pub(crate) mask: u16,
    pub(crate) required: bool,
}

impl Bundle {
    /// The embedded one.
    pub fn embedded() -> Self {
        let mut sections = [(0, 0); SECTIONS];
        for (number, section) in sections.iter_mut().enumerate() {
            let at = 8 + number * 8;
            *section = (word(at) as usize, word(at + 4) as usize);
        }
        Self { sections }
    }

    /// The id of a name the bundle knows.
    pub(crate) fn name_id(&self, text: &str) -> Option<u32> {
        let (start, length) = self.sections[2];
        let mask = length / 4 - 1;
        let mut slot = hash(text.as_bytes()) as usize & mask;
        loop {
            let id = word(start + slot * 4);
            if id == NONE {
                return None;
            }
            if self.string(id) == text {
                return Some(id);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The text of a name.
    pub(crate) fn string(&self, id: u32) -> &'static str {
        let at = self.sections[0].0 + id as usize * 4;
        let text = self.sections[1].0;
        let bytes = &BYTES[text + word(at) as usize..text + word(at + 4) as usize];
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The type with that id.
    pub(crate) fn ty(&self, id: u32) -> TypeView {
        let at = self.sections[3].0 + id as usize * 8;
        let (head, payload) = (word(at), word(at + 4));
        match head & 0xff {
            1 => TypeView::Struct(payload),
            2 => TypeView::Map(payload),
            3 => TypeView::List((head >> 16) as u16, payload),
            4 => TypeView::String,
            5 => TypeView::Int32,
            6 => TypeView::Int64,
            7 => TypeView::Number,
            8 => TypeView::Bool,
            9 => TypeView::IntOrString,
            10 => TypeView::Quantity,
            11 => TypeView::Time,
            12 => TypeView::MicroTime,
            13 => TypeView::Bytes,
            14 => TypeView::RawObject,
            15 => TypeView::Enum(payload),
            _ => TypeView::Any,
        }
    }

    /// The keys of a list map (empty for other lists).
    pub(crate) fn list_keys(&self, list: u16) -> impl ExactSizeIterator<Item = &'static str> + '_ {
        let at = self.sections[4].0 + list as usize * 12;
        let (first, count) = (word(at) as usize, half(at + 4) as usize);
        (0..count).map(move |number| self.string(word(self.sections[6].0 + (first + number) * 4)))
    }

    /// True for a list whose items must differ.
    pub(crate) fn is_set(&self, list: u16) -> bool {
        half(self.sections[4].0 + list as usize * 12 + 6) == 1
    }

    #[cfg(test)]
    /// The merge key of strategic merge; `Some("=")` for a merge list of scalars.
    pub(crate) fn merge_key(&self, list: u16) -> Option<&'static str> {
        let key = word(self.sections[4].0 + list as usize * 12 + 8);
        (key != NONE).then(|| self.string(key))
    }

    /// The values of an enum with the minors that have them.
    pub(crate) fn enum_values(&self, id: u32) -> impl Iterator<Item = (&'static str, u16, u16)> + '_ {
        let at = self.sections[5].0 + id as usize * 8;
        let (first, count) = (word(at) as usize, word(at + 4) as usize);
        (0..count).map(move |number| {
            let at = self.sections[6].0 + (first + number * 2) * 4;
            let range = word(at + 4);
            (
                self.string(word(at)),
                (range & 0xffff) as u16,
                (range >> 16) as u16,
            )
        })
    }

    /// True when fields that are not listed are kept.
    pub(crate) fn is_open(&self, id: u32) -> bool {
        half(self.sections[7].0 + id as usize * 12 + 6) == 1
    }

    #[cfg(test)]
    /// The definition's name, for example `io.k8s.api.core.v1.PodSpec`.
    pub(crate) fn struct_name(&self, id: u32) -> &'static str {
        self.string(word(self.sections[7].0 + id as usize * 12 + 8))
    }

    /// The rows of a struct, all versions.
    pub(crate) fn rows(&self, id: u32) -> impl DoubleEndedIterator<Item = RowView> + '_ {
        let (first, count) = self.row_range(id);
        (first..first + count).map(|row| self.row(row))
    }

    /// The field of a struct at a version.
    pub(crate) fn field(&self, id: u32, name: u32, bit: u16) -> Option<RowView> {
        let (first, count) = self.row_range(id);
        let (mut low, mut high) = (first, first + count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if word(self.sections[8].0 + middle * 12) < name {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let rows = (low..first + count).map(|row| self.row(row));
        rows.take_while(|row| row.name == name)
            .find(|row| row.mask & bit != 0)
    }

    fn row_range(&self, id: u32) -> (usize, usize) {
        let at = self.sections[7].0 + id as usize * 12;
        (word(at) as usize, half(at + 4) as usize)
    }

    fn row(&self, row: usize) -> RowView {
        let at = self.sections[8].0 + row * 12;
        RowView {
            name: word(at),
            ty: word(at + 4),
            mask: half(at + 8),
            required: half(at + 10) == 1,
        }
    }

    fn kinds(&self) -> usize {
        self.sections[9].1 / 24
    }

    fn kind_names(&self, kind: usize) -> [u32; 3] {
        let at = self.sections[9].0 + kind * 24;
        [word(at), word(at + 4), word(at + 8)]
    }

    /// All versions of a kind that the bundle knows, as positions.
    fn versions(&self, group: &str, kind: &str) -> std::ops::Range<usize> {
        let (Some(group), Some(kind)) = (self.name_id(group), self.name_id(kind)) else {
            return 0..0;
        };
        self.before([group, kind])..self.before([group, kind + 1])
    }

    /// The row of a kind, served or not.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<KindId> {
        let found = self
            .versions(group, kind)
            .find(|row| self.string(self.kind_names(*row)[2]) == version);
        found.map(|row| KindId(row as u32))
    }

    fn kind_at(&self, kind: KindId) -> usize {
        self.sections[9].0 + kind.0 as usize * 24
    }

    pub(crate) fn root(&self, kind: KindId) -> u32 {
        word(self.kind_at(kind) + 12)
    }

    /// True when that Kubernetes version serves it; custom resources always count as served.
    pub fn is_served(&self, kind: KindId, version: KubernetesVersion) -> bool {
        half(self.kind_at(kind) + 20) & version.bit() != 0
    }

    /// The first Kubernetes version that serves it; the oldest of the bundle when all do.
    pub(crate) fn since(&self, kind: KindId) -> KubernetesVersion {
        let mask = half(self.kind_at(kind) + 20);
        KubernetesVersion::all()
            .find(|version| mask & version.bit() != 0)
            .unwrap_or(KubernetesVersion::OLDEST)
    }

    /// True for a custom resource.
    pub fn is_custom(&self, kind: KindId) -> bool {
        half(self.kind_at(kind) + 22) & 4 != 0
    }

    /// Whether objects live in a namespace; `None` when the kind is unknown (or no object kind).
    pub fn scope(&self, group: &str, kind: &str) -> Option<Scope> {
        self.versions(group, kind)
            .find_map(|row| match half(self.sections[9].0 + row * 24 + 22) & 3 {
                1 => Some(Scope::Namespaced),
                2 => Some(Scope::Cluster),
                _ => None,
            })
    }

    /// The plural name, as in `count/deployments.apps`.
    pub fn plural(&self, group: &str, kind: &str) -> Option<&'static str> {
        let mut rows = self.versions(group, kind);
        rows.find_map(|row| {
            Some(self.string(word(self.sections[9].0 + row * 24 + 16))).filter(|text| !text.is_empty())
        })
    }

    /// True when some version of the kind is known.
    pub fn knows(&self, group: &str, kind: &str) -> bool {
        !self.versions(group, kind).is_empty()
    }

    /// Every version of a built-in kind with the releases that serve it, in the order of their names.
    pub fn served(&self, group: &str, kind: &str) -> impl Iterator<Item = Served> + '_ {
        self.versions(group, kind).filter_map(|row| {
            let mask = half(self.sections[9].0 + row * 24 + 20);
            let mut minors = KubernetesVersion::all().filter(|version| mask & version.bit() != 0);
            let since = minors.next()?;
            let until = minors.next_back().unwrap_or(since);
            Some(Served {
                version: self.string(self.kind_names(row)[2]),
                since,
                until,
            })
        })
    }

    /// Names of the kinds of a built-in group; empty for groups of custom resources.
    pub(crate) fn builtin_kinds(&self, group: &str) -> impl Iterator<Item = &'static str> + '_ {
        let rows = self
            .name_id(group)
            .map_or(0..0, |group| self.before([group, 0])..self.before([group + 1, 0]));
        rows.filter(|row| self.flags(*row) & 4 == 0)
            .map(|row| self.string(self.kind_names(row)[1]))
    }

    /// The number of rows whose group and kind come before.
    fn before(&self, bound: [u32; 2]) -> usize {
        let (mut low, mut high) = (0, self.kinds());
        while low < high {
            let middle = usize::midpoint(low, high);
            let [group, kind, _] = self.kind_names(middle);
            if [group, kind] < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn flags(&self, row: usize) -> u16 {
        half(self.sections[9].0 + row * 24 + 22)
    }

    /// Groups and versions under which a kind of that name is served, for hints.
    pub fn groups_of(&self, kind: &str) -> Vec<(&'static str, &'static str)> {
        let Some(kind) = self.name_id(kind) else {
            return Vec::new();
        };
        let rows = (0..self.kinds())
            .map(|row| self.kind_names(row))
            .filter(|names| names[1] == kind);
        rows.map(|names| (self.string(names[0]), self.string(names[2])))
            .collect()
    }
}

fn word(at: usize) -> u32 {
    BYTES
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(NONE, u32::from_le_bytes)
}

fn half(at: usize) -> u16 {
    BYTES
        .get(at..at + 2)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u16::from_le_bytes)
}

/// FNV-1a, 32 bits.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::Bundle;
    use crate::Scope;
    use crate::schema::KubernetesVersion;

    fn served(group: &str, kind: &str) -> Vec<(String, String)> {
        let bundle = Bundle::embedded();
        let rows = bundle.served(group, kind);
        rows.map(|row| (row.version.to_owned(), format!("{}-{}", row.since, row.until)))
            .collect()
    }

    #[test]
    fn kinds_are_served_where_upstream_serves_them() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(served("batch", "CronJob"), [pair("v1", "1.25-1.37")]);
        assert_eq!(served("policy", "PodDisruptionBudget"), [pair("v1", "1.25-1.37")]);
        assert!(served("autoscaling", "HorizontalPodAutoscaler").contains(&pair("v2beta2", "1.25-1.25")));
        assert!(served("nope", "Nope").is_empty());
    }

    #[test]
    fn scope_and_plural() {
        let bundle = Bundle::embedded();
        assert_eq!(bundle.scope("", "Namespace"), Some(Scope::Cluster));
        assert_eq!(bundle.scope("apps", "Deployment"), Some(Scope::Namespaced));
        assert_eq!(
            bundle.scope("cert-manager.io", "ClusterIssuer"),
            Some(Scope::Cluster)
        );
        assert_eq!(bundle.scope("example.org", "Widget"), None);
        assert_eq!(
            bundle.plural("networking.k8s.io", "NetworkPolicy"),
            Some("networkpolicies")
        );
    }

    #[test]
    fn fields_know_their_versions() {
        let bundle = Bundle::embedded();
        let kind = bundle
            .kind("", "v1", "Pod")
            .expect("because every version has pods");
        let spec = bundle
            .name_id("spec")
            .and_then(|name| bundle.field(bundle.root(kind), name, 1))
            .expect("a field");
        let super::TypeView::Struct(pod) = bundle.ty(spec.ty) else {
            panic!("spec is a struct")
        };
        assert_eq!(bundle.struct_name(pod), "io.k8s.api.core.v1.PodSpec");
        let has = |field: &str, minor: u16| {
            let bit = KubernetesVersion::new(minor).bit();
            bundle
                .name_id(field)
                .is_some_and(|name| bundle.field(pod, name, bit).is_some())
        };
        assert!(has("containers", 25) && has("containers", 37));
        assert!(has("resourceClaims", 26) && !has("resourceClaims", 25));
        assert!(!has("container", 30));
        let list = |field: &str| {
            let row = bundle
                .name_id(field)
                .and_then(|name| bundle.field(pod, name, 1))
                .expect("a field");
            let super::TypeView::List(list, _) = bundle.ty(row.ty) else {
                panic!("{field} is a list")
            };
            let keys: Vec<&str> = bundle.list_keys(list).collect();
            (keys.join("+"), bundle.merge_key(list))
        };
        assert_eq!(list("containers").1, Some("name"));
        assert_eq!(
            list("topologySpreadConstraints"),
            ("topologyKey+whenUnsatisfiable".to_owned(), Some("topologyKey"))
        );
    }
}

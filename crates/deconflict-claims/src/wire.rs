//! Claims as JSON with a version, so that another repository or a shard can publish what it claims and be joined with.
//! `docs/claims.md` describes the form.

use deconflict_findings::Place;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{Claim, ClusterIndex, Placed, Space, What};

/// The version that is written, and the newest that is read. Fields may be added within one; a reader ignores those it does
/// not know.
pub const VERSION: u32 = 1;

/// All objects of some clusters, and what each claims.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ledger {
    /// See [`VERSION`].
    pub version: u32,
    /// The objects, in the order of the clusters' indices.
    pub objects: Vec<Claimant>,
}

/// An object: its identity is what it claims first of all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claimant {
    /// The cluster; absent where nobody names it, and then it joins with nobody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// API group, empty for the core.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Kind.
    pub kind: String,
    /// The namespace that it ends up in; absent for kinds without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// The application.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// The owning team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where it is declared.
    pub at: At,
    /// What else it claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Entry>,
}

/// A claim with a key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// In which space.
    pub space: Word,
    /// Which one.
    pub key: String,
    /// What the space needs besides.
    #[serde(flatten)]
    pub what: Details,
    /// The text that claims it.
    pub at: At,
}

/// The spaces by their published names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names of `Space`")]
pub enum Word {
    NodePort,
    Secret,
    Volume,
    ClusterIp,
    LoadBalancerIp,
    PersistentVolume,
    Default,
    HelmRelease,
}

/// How the claim may be shared, and the terms.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Details {
    /// By nobody.
    Exclusive,
    /// A port: by nobody, and inside one Service once for each protocol.
    Port {
        /// `TCP`, `UDP` or `SCTP`.
        protocol: String,
        /// True for `healthCheckNodePort`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        health_check: bool,
    },
    /// An address: by those with an equal key and other ports.
    SharedWithKey {
        /// The key; nobody shares without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sharing: Option<String>,
        /// Ports and protocols.
        ports: Vec<(i64, String)>,
    },
    /// A volume: by the claim that it names.
    KeptFor {
        /// Namespace of the claim.
        for_namespace: String,
        /// Name of the claim.
        for_name: String,
    },
    /// Writing to a volume: by those who write elsewhere in it.
    Writer {
        /// Sub-paths, the empty one is all of it; absent when one is computed at run time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sub_paths: Option<Vec<String>>,
        /// The first container that writes.
        container: String,
    },
}

/// A place in a file of the repository that publishes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct At {
    /// Path from the top.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
}

/// Why a text is no ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LedgerError {
    /// It is not of the form; what the reader says.
    Form(String),
    /// It is of a version that is not known here.
    Version(u32),
}

impl Ledger {
    /// What all objects of `indices` claim; `place` resolves where something stands. Objects that are one in a cluster are
    /// all there, because who they are is the collision.
    pub fn of<'i>(
        indices: impl IntoIterator<Item = &'i ClusterIndex<'i>>,
        place: &dyn Fn(deconflict_files::Origin) -> Place,
    ) -> Self {
        let objects = indices.into_iter().flat_map(|index| &index.objects);
        Self {
            version: VERSION,
            objects: objects.map(|placed| Claimant::of(placed, place)).collect(),
        }
    }

    /// As JSON on one line.
    ///
    /// # Errors
    /// None that the types allow; the writer's own words.
    pub fn to_json(&self) -> Result<String, LedgerError> {
        serde_json::to_string(self).map_err(|error| LedgerError::Form(error.to_string()))
    }

    /// Read what [`Ledger::to_json`] writes.
    ///
    /// # Errors
    /// The text is not of the form, or of a newer version.
    pub fn from_json(text: &str) -> Result<Self, LedgerError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let form = |error: serde_json::Error| LedgerError::Form(error.to_string());
        // A newer form may have anything besides its version.
        let head: Head = serde_json::from_str(text).map_err(form)?;
        if head.version != VERSION {
            return Err(LedgerError::Version(head.version));
        }
        serde_json::from_str(text).map_err(form)
    }
}

impl Claimant {
    fn of(placed: &Placed<'_>, place: &dyn Fn(deconflict_files::Origin) -> Place) -> Self {
        let at = |origin| {
            let place = place(origin);
            At {
                path: place.path,
                line: place.line,
            }
        };
        let (group, kind, namespace, name) = placed.identity();
        let entry = |claim: &Claim| Entry {
            space: claim.space.into(),
            key: claim.key.to_string(),
            what: Details::from(&claim.what),
            at: at(claim.spot.at),
        };
        Self {
            cluster: placed.placement.cluster.as_ref().map(ToString::to_string),
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            app: placed.app.to_string(),
            owner: placed.owner.as_ref().map(ToString::to_string),
            at: at(placed.facts.object.declared_at),
            claims: placed.facts.claims.iter().map(entry).collect(),
        }
    }
}

/// Both ways, from one list of names.
macro_rules! words {
    ($($name:ident)*) => {
        impl From<Space> for Word {
            fn from(space: Space) -> Self {
                match space { $(Space::$name => Self::$name,)* }
            }
        }

        impl From<Word> for Space {
            fn from(word: Word) -> Self {
                match word { $(Word::$name => Self::$name,)* }
            }
        }
    };
}

words! { NodePort Secret Volume ClusterIp LoadBalancerIp PersistentVolume Default HelmRelease }

impl From<&What> for Details {
    fn from(what: &What) -> Self {
        let text = SmolStr::to_string;
        match what {
            What::Whole => Self::Exclusive,
            What::Port {
                protocol,
                health_check,
            } => Self::Port {
                protocol: text(protocol),
                health_check: *health_check,
            },
            What::Address { sharing, ports } => Self::SharedWithKey {
                sharing: sharing.as_ref().map(text),
                ports: ports
                    .iter()
                    .map(|(port, protocol)| (*port, text(protocol)))
                    .collect(),
            },
            What::KeptFor { namespace, name } => Self::KeptFor {
                for_namespace: text(namespace),
                for_name: text(name),
            },
            What::Writer { sub_paths, container } => Self::Writer {
                sub_paths: sub_paths.as_ref().map(|paths| paths.iter().map(text).collect()),
                container: text(container),
            },
        }
    }
}

impl From<&Details> for What {
    fn from(details: &Details) -> Self {
        match details {
            Details::Exclusive => Self::Whole,
            Details::Port {
                protocol,
                health_check,
            } => Self::Port {
                protocol: protocol.into(),
                health_check: *health_check,
            },
            Details::SharedWithKey { sharing, ports } => Self::Address {
                sharing: sharing.as_ref().map(SmolStr::from),
                ports: ports
                    .iter()
                    .map(|(port, protocol)| (*port, protocol.into()))
                    .collect(),
            },
            Details::KeptFor {
                for_namespace,
                for_name,
            } => Self::KeptFor {
                namespace: for_namespace.into(),
                name: for_name.into(),
            },
            Details::Writer { sub_paths, container } => Self::Writer {
                sub_paths: sub_paths
                    .as_ref()
                    .map(|paths| paths.iter().map(SmolStr::from).collect()),
                container: container.into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::{At, Claimant, Details, Entry, Ledger, LedgerError, VERSION, Word};
    use crate::{Space, What};

    fn what() -> impl Strategy<Value = What> {
        let text = || ".{0,8}".prop_map(smol_str::SmolStr::from);
        prop_oneof![
            Just(What::Whole),
            (text(), any::<bool>()).prop_map(|(protocol, health_check)| What::Port {
                protocol,
                health_check
            }),
            (of(text()), vec((any::<i64>(), text()), 0..3))
                .prop_map(|(sharing, ports)| What::Address { sharing, ports }),
            (text(), text()).prop_map(|(namespace, name)| What::KeptFor { namespace, name }),
            (of(vec(text(), 0..3)), text())
                .prop_map(|(sub_paths, container)| What::Writer { sub_paths, container }),
        ]
    }

    fn space() -> impl Strategy<Value = Space> {
        prop::sample::select(vec![
            Space::NodePort,
            Space::Secret,
            Space::Volume,
            Space::ClusterIp,
            Space::LoadBalancerIp,
            Space::PersistentVolume,
            Space::Default,
            Space::HelmRelease,
        ])
    }

    fn at() -> impl Strategy<Value = At> {
        (".{0,12}", any::<u32>()).prop_map(|(path, line)| At { path, line })
    }

    fn claimant() -> impl Strategy<Value = Claimant> {
        let entry = (space(), ".{0,8}", what(), at()).prop_map(|(space, key, what, at)| Entry {
            space: space.into(),
            key,
            what: Details::from(&what),
            at,
        });
        let name = || ".{0,8}";
        (
            (of(name()), name(), name(), of(name()), name()),
            (name(), of(name()), at(), vec(entry, 0..4)),
        )
            .prop_map(
                |((cluster, group, kind, namespace, name), (app, owner, at, claims))| Claimant {
                    cluster,
                    group,
                    kind,
                    namespace,
                    name,
                    app,
                    owner,
                    at,
                    claims,
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(objects in vec(claimant(), 0..6)) {
            let ledger = Ledger { version: VERSION, objects };
            let text = ledger.to_json().expect("writes");
            prop_assert_eq!(Ledger::from_json(&text), Ok(ledger));
        }

        #[test]
        fn claims_survive_the_way(space in space(), what in what()) {
            prop_assert_eq!(Space::from(Word::from(space)), space);
            prop_assert_eq!(What::from(&Details::from(&what)), what);
        }
    }

    /// The example of docs/claims.md: what others wrote must stay readable.
    #[test]
    fn the_form_of_version_1() {
        let page = include_str!("../../../docs/claims.md");
        let example = page
            .split("```json\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next());
        let ledger = Ledger::from_json(example.expect("an example")).expect("reads");
        let object = &ledger.objects[0];
        assert_eq!(
            (object.kind.as_str(), object.owner.as_deref()),
            ("Service", Some("payments"))
        );
        let claims: Vec<(Word, &str, &Details)> = object
            .claims
            .iter()
            .map(|claim| (claim.space, claim.key.as_str(), &claim.what))
            .collect();
        let port = Details::Port {
            protocol: "TCP".into(),
            health_check: false,
        };
        let address = Details::SharedWithKey {
            sharing: Some("edge".into()),
            ports: vec![(443, "TCP".into())],
        };
        assert_eq!(
            claims,
            [
                (Word::NodePort, "30080", &port),
                (Word::LoadBalancerIp, "192.0.2.10", &address)
            ]
        );
        // Written again it is the same, whatever the layout of the text.
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(
            value(&ledger.to_json().expect("writes")),
            value(example.unwrap_or_default())
        );
    }

    #[test]
    fn other_versions_and_fields() {
        let read = |text: &str| Ledger::from_json(text);
        assert_eq!(
            read("{\"version\": 2, \"objects\": 7}"),
            Err(LedgerError::Version(2))
        );
        assert!(matches!(read("{\"objects\": []}"), Err(LedgerError::Form(_))));
        assert!(matches!(read("[]"), Err(LedgerError::Form(_))));
        let more = "{\"version\": 1, \"made_by\": \"x\", \"objects\": []}";
        assert_eq!(
            read(more),
            Ok(Ledger {
                version: 1,
                objects: vec![]
            })
        );
    }
}

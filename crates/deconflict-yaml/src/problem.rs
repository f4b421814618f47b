//! What can be wrong or suspicious in a text. Wording for people belongs to the rules; arguments are typed.

use deconflict_files::Origin;
use smol_str::SmolStr;

use crate::Dialect;

/// Something about the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The smallest range that shows it.
    pub at: Origin,
    /// The index of the document it concerns.
    pub document: usize,
}

/// What is wrong or suspicious.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is not YAML; the parser's words, lower case, no full stop.
    Syntax(String),
    /// A tab where only spaces may indent.
    TabIndent,
    /// More than 255 nested block or 255 nested flow collections, aliases followed.
    TooDeep,
    /// More bytes or nodes than a text may have.
    TooLarge,
    /// A character that YAML does not allow: control characters, NUL, U+FFFE, a byte order mark inside.
    ControlCharacter(char),
    /// Bytes that are not UTF-8. The number of the first such byte in the file.
    InvalidUtf8 {
        /// Byte offset in the file as it is on disk.
        offset: usize,
    },
    /// An alias to a name that no anchor before it has.
    UnknownAlias(SmolStr),
    /// An alias inside the value of its own anchor.
    AliasCycle(SmolStr),
    /// Aliases that stand for so much that the document would explode when they are followed.
    AliasBomb,
    /// A key that is a list or a map (often an unquoted template expression).
    ComplexKey,
    /// A key that is null or empty. Kubernetes refuses it.
    NullKey,
    /// A key that stands a second time in the same map.
    DuplicateKey {
        /// Where it stands first.
        first: Origin,
        /// The key.
        key: SmolStr,
    },
    /// An anchor name that is defined again; later aliases mean the later one.
    AnchorRedefined {
        /// Where it was defined before.
        first: Origin,
        /// The name.
        name: SmolStr,
    },
    /// A merge key `<<`.
    MergeKey,
    /// A tag that no reader knows, as resolved.
    UnknownTag(SmolStr),
    /// A `%YAML` version that Kubernetes' reader refuses (it knows 1.1 only).
    Version {
        /// The number before the dot.
        major: u32,
        /// The number after the dot.
        minor: u32,
    },
    /// An escape in double quotes that go-yaml refuses: `\/`, or a surrogate pair.
    Escape(SmolStr),
}

impl ProblemKind {
    /// True when the document has no tree because of it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Syntax(_)
            | Self::TabIndent
            | Self::TooDeep
            | Self::TooLarge
            | Self::ControlCharacter(_)
            | Self::InvalidUtf8 { .. }
            | Self::UnknownAlias(_)
            | Self::AliasCycle(_)
            | Self::AliasBomb
            | Self::ComplexKey => true,
            Self::NullKey
            | Self::DuplicateKey { .. }
            | Self::AnchorRedefined { .. }
            | Self::MergeKey
            | Self::UnknownTag(_)
            | Self::Version { .. }
            | Self::Escape(_) => false,
        }
    }

    /// True when that reader refuses the document because of it, in its lax mode (repeated keys are accepted).
    pub fn is_refused_by(&self, dialect: Dialect) -> bool {
        match self {
            Self::NullKey | Self::Version { .. } => dialect != Dialect::Resource,
            Self::Escape(_) => true,
            _ => self.is_fatal(),
        }
    }
}

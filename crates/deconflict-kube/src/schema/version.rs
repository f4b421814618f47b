//! Kubernetes versions.

use std::fmt;
use std::str::FromStr;

/// A Kubernetes minor version, `1.minor`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KubernetesVersion(u16);

impl KubernetesVersion {
    /// The oldest version in the bundle.
    pub const OLDEST: Self = Self(25);
    /// The newest version in the bundle.
    pub const NEWEST: Self = Self(37);
    /// What a cluster runs that says nothing (CONTRACT: the default of `kubernetes:`).
    pub const DEFAULT: Self = Self(34);

    /// `1.minor`, also outside of the bundle.
    pub fn new(minor: u16) -> Self {
        Self(minor)
    }

    /// The minor number.
    pub fn minor(self) -> u16 {
        self.0
    }

    /// Its bit in version masks; a version outside the bundle counts as the nearest inside.
    pub(crate) fn bit(self) -> u16 {
        1 << (self.0.clamp(Self::OLDEST.0, Self::NEWEST.0) - Self::OLDEST.0)
    }

    /// All versions of the bundle, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (Self::OLDEST.0..=Self::NEWEST.0).map(Self)
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for KubernetesVersion {
    type Err = ();

    /// Accepts `1.34`, `v1.34`, `1.34.2` and vendor suffixes such as `v1.34.2-gke.100`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text
            .strip_prefix('v')
            .unwrap_or(text)
            .strip_prefix("1.")
            .ok_or(())?;
        let digits = rest
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        digits.parse().map(Self).map_err(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::KubernetesVersion;

    #[test]
    fn versions_are_read_as_people_write_them() {
        for (text, want) in [
            ("1.34", Some(34)),
            ("v1.29.3-gke.1", Some(29)),
            ("1.30.0", Some(30)),
            ("2.0", None),
        ] {
            assert_eq!(text.parse().ok().map(KubernetesVersion::minor), want, "{text}");
        }
    }
}

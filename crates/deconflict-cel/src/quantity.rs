//! Amounts of resources, as `resource.Quantity` of Kubernetes (apimachinery, pkg/api/resource) reads, adds and prints them.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use deconflict_yaml::{Dialect, Node, Value};

/// An exact amount in billionths, the finest that Kubernetes keeps. Amounts beyond 1.7e29 are that much. Equality and
/// order are those of the amount: `1024Mi` equals `1Gi`. The notation is kept for printing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    notation: Notation,
}

/// The family of suffixes that a quantity was written with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Notation {
    /// `n u m k M G T P E` or none.
    #[default]
    Decimal,
    /// `Ki Mi Gi Ti Pi Ei`.
    Binary,
    /// `e3`, `E3`.
    Exponent,
}

const NANO: i128 = 1_000_000_000;
/// Amounts with a binary suffix are capped there, as Kubernetes caps them.
const BINARY_CAP: i128 = i64::MAX as i128 * NANO;
const DECIMAL_SUFFIXES: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY_SUFFIXES: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        nanos: 0,
        notation: Notation::Decimal,
    };

    /// That many whole units.
    pub const fn units(count: i64) -> Self {
        Self {
            nanos: count as i128 * NANO,
            notation: Notation::Decimal,
        }
    }

    /// Read `text`: `[+-]`, digits with at most one point, and a suffix. `None` when it is no quantity. What is finer
    /// than a billionth is rounded away from zero.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = rest.split_at(digits(rest));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (notation, exponent) = read_suffix(suffix)?;
        let nanos = match notation {
            Notation::Binary => {
                scaled(whole, fraction, 1_i128.checked_shl(exponent.unsigned_abs())?, 0).min(BINARY_CAP)
            }
            Notation::Decimal | Notation::Exponent => scaled(whole, fraction, 1, exponent),
        };
        let notation = match notation {
            Notation::Binary if nanos < NANO => Notation::Decimal,
            other => other,
        };
        Some(Self {
            nanos: if negative { -nanos } else { nanos },
            notation,
        })
    }

    /// Read a scalar: text, or a number as JSON would carry it. `None` for null and for what is no quantity.
    pub fn of(node: &Node) -> Option<Self> {
        let scalar = node.as_scalar()?;
        match Dialect::Kubernetes.read(scalar) {
            Value::Int(value) => Some(Self::units(value)),
            Value::Float(value) if value.is_finite() => Self::parse(&format!("{value}")),
            Value::String => Self::parse(&scalar.text),
            _ => None,
        }
    }

    /// The amount as a whole number of units; `None` for a fraction and beyond 64 bits.
    pub fn whole(self) -> Option<i64> {
        let whole = self.nanos % NANO == 0;
        i64::try_from(self.nanos / NANO).ok().filter(|_| whole)
    }

    /// True for nothing.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// The same, `count` times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            nanos: self.nanos.saturating_mul(i128::from(count)),
            notation: self.notation,
        }
    }

    /// What is left after taking `other` away; may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_sub(other.nanos),
            notation: self.notation,
        }
    }

    /// How often `other` fits into it; `None` when `other` is nothing or less, or it is less than nothing.
    pub fn fits(self, other: Self) -> Option<u64> {
        (other.nanos > 0 && self.nanos >= 0)
            .then(|| u64::try_from(self.nanos / other.nanos).unwrap_or(u64::MAX))
    }

    /// The amount as a fraction of `other`; `None` when `other` is nothing.
    pub fn ratio(self, other: Self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "for printing and for comparing with a factor"
        )]
        (other.nanos != 0).then(|| self.nanos as f64 / other.nanos as f64)
    }

    /// The amount in units with one decimal at least and as many as needed: `21.0`, `0.25`.
    pub fn in_units(self) -> String {
        let (whole, rest) = (
            self.nanos.unsigned_abs() / NANO as u128,
            self.nanos.unsigned_abs() % NANO as u128,
        );
        let fraction = format!("{rest:09}");
        let fraction = match fraction.trim_end_matches('0') {
            "" => "0",
            digits => digits,
        };
        let sign = if self.nanos < 0 { "-" } else { "" };
        format!("{sign}{whole}.{fraction}")
    }
}

/// Digits times `factor` times ten to the power of `exponent`, in billionths, rounded up.
fn scaled(whole: &str, fraction: &str, factor: i128, exponent: i32) -> i128 {
    // More digits than these say nothing that survives the rounding, but for being there.
    let (kept, cut) = fraction
        .trim_end_matches('0')
        .split_at_checked(18)
        .unwrap_or((fraction.trim_end_matches('0'), ""));
    let digits = whole.bytes().chain(kept.bytes());
    let mantissa = digits.fold(0_i128, |value, digit| {
        value.saturating_mul(10).saturating_add(i128::from(digit - b'0'))
    });
    let value = mantissa.saturating_mul(factor);
    if value == 0 {
        return i128::from(!cut.is_empty());
    }
    let power = i64::from(exponent) + 9 - i64::from(kept.len() as u8);
    let ten = |power: u64| {
        u32::try_from(power)
            .ok()
            .and_then(|power| 10_i128.checked_pow(power))
    };
    let (result, rest) = match (power >= 0, ten(power.unsigned_abs())) {
        (true, Some(ten)) => (value.saturating_mul(ten), false),
        (true, None) => (i128::MAX, false),
        (false, Some(ten)) => (value / ten, value % ten != 0),
        (false, None) => (0, true),
    };
    result.saturating_add(i128::from(rest || !cut.is_empty()))
}

fn read_suffix(suffix: &str) -> Option<(Notation, i32)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Some((Notation::Decimal, *exponent));
    }
    if let Some(index) = BINARY_SUFFIXES.iter().position(|name| *name == suffix) {
        return Some((Notation::Binary, i32::from(index as u8 + 1) * 10));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok()?;
    // Beyond that everything is the smallest or the largest amount.
    Some((Notation::Exponent, exponent.clamp(-1000, 1000) as i32))
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Add for Quantity {
    type Output = Self;

    /// The sum in the notation of the first that is not nothing.
    fn add(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
            notation: if self.nanos == 0 {
                other.notation
            } else {
                self.notation
            },
        }
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// The canonical form: the largest suffix that needs no fraction.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        if self.notation == Notation::Binary && self.nanos.unsigned_abs() >= 1024 * NANO as u128 {
            let away = i128::from(self.nanos % NANO != 0) * self.nanos.signum();
            let (mut value, mut suffix) = (self.nanos / NANO + away, "");
            for name in BINARY_SUFFIXES {
                if value % 1024 != 0 {
                    break;
                }
                (value, suffix) = (value / 1024, name);
            }
            return write!(f, "{value}{suffix}");
        }
        let (mut value, mut exponent) = (self.nanos, -9);
        while value % 1000 == 0 && exponent < 18 {
            (value, exponent) = (value / 1000, exponent + 3);
        }
        match DECIMAL_SUFFIXES.iter().find(|(_, known)| *known == exponent) {
            Some((suffix, _)) if self.notation != Notation::Exponent => write!(f, "{value}{suffix}"),
            _ if exponent == 0 => write!(f, "{value}"),
            _ => write!(f, "{value}e{exponent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn check(text: &str, canonical: &str) {
        let got = Quantity::parse(text).map_or("refused".to_owned(), |quantity| quantity.to_string());
        assert_eq!(got, canonical, "{text}");
    }

    /// Rows of apimachinery's documentation of the canonical form and of its own tests.
    #[test]
    fn canonical_form() {
        for (text, canonical) in [
            ("0", "0"),
            ("0Ki", "0"),
            ("1.5", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("1000Ki", "1000Ki"),
            ("1023", "1023"),
            ("0.5Ki", "512"),
            ("0.5Mi", "512Ki"),
            ("100m", "100m"),
            ("1000m", "1"),
            ("2000", "2k"),
            ("1000k", "1M"),
            ("12e6", "12e6"),
            ("12E6", "12e6"),
            ("1e3", "1e3"),
            ("1e-3", "1e-3"),
            ("1E", "1E"),
            ("1Ei", "1Ei"),
            (".5", "500m"),
            ("5.", "5"),
            ("+7", "7"),
            ("-1.5", "-1500m"),
            (" 1 ", "1"),
            ("0.1n", "1n"),
            ("1.0000000000000001", "1000000001n"),
            ("0.0000000000000000000001", "1n"),
            ("0.1Ki", "102400m"),
            ("1.1Ki", "1127"),
            ("100Ei", "9223372036854775807"),
            ("1e1000", "170141183460469231731687303715884105727e-9"),
            ("", "refused"),
            ("+", "refused"),
            (".", "refused"),
            ("1 Gi", "refused"),
            ("1gi", "refused"),
            ("1K", "refused"),
            ("1e", "refused"),
            ("1.1.1", "refused"),
            ("Gi", "refused"),
            ("0x10", "refused"),
            ("--1", "refused"),
            ("1e1.5", "refused"),
        ] {
            check(text, canonical);
        }
    }

    #[test]
    fn amounts_are_equal_across_notations() {
        let read = |text| Quantity::parse(text).unwrap();
        assert_eq!(read("1024Mi"), read("1Gi"));
        assert_eq!(read("1000m"), read("1"));
        assert_eq!(read("1e3"), read("1k"));
        assert!(read("1G") < read("1Gi"));
        assert_eq!((read("1Gi") + read("512Mi")).to_string(), "1536Mi");
        assert_eq!(
            [read("0"), read("1Gi"), read("1M")]
                .into_iter()
                .sum::<Quantity>()
                .to_string(),
            "1074741824"
        );
        assert_eq!(read("250m").times(3).to_string(), "750m");
        assert_eq!(read("20").minus(read("12.6")).to_string(), "7400m");
        assert_eq!(read("20").fits(read("3")), Some(6));
        assert_eq!(read("20").fits(read("0")), None);
        assert_eq!(
            (read("21").in_units(), read("250m").in_units()),
            ("21.0".into(), "0.25".into())
        );
    }

    #[test]
    fn scalars_as_json_carries_them() {
        for (text, canonical) in [
            ("1", Some("1")),
            ("0.5", Some("500m")),
            ("'0.5'", Some("500m")),
            ("1e3", Some("1k")),
            ("512Mi", Some("512Mi")),
            ("null", None),
            ("true", None),
            ("'a'", None),
        ] {
            let files = deconflict_files::Files::new();
            let path = deconflict_files::RepoPath::new("f.yaml").unwrap();
            let file = files.intern(&path, &std::sync::Arc::from(text));
            let parsed = deconflict_yaml::parse(file, text);
            let got =
                Quantity::of(parsed.documents[0].root.as_ref().unwrap()).map(|quantity| quantity.to_string());
            assert_eq!(got.as_deref(), canonical, "{text}");
        }
    }
}

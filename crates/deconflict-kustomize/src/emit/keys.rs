//! The order of map keys in go-yaml v2: natural, and not transitive.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

/// go-yaml v2's comparison of two string keys (`keyList.Less`).
pub(super) fn less(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        less_runes(a.as_bytes(), b.as_bytes())
    } else {
        less_unicode(a, b)
    }
}

fn less_unicode(a: &str, b: &str) -> bool {
    let runes = |text: &str| text.chars().collect::<Vec<char>>();
    less_runes(&runes(a), &runes(b))
}

/// A code point, as a byte of ASCII text or as a character.
trait Rune: Copy + PartialEq {
    fn code(self) -> i64;
    fn is_letter(self) -> bool;
    fn is_digit(self) -> bool;
}

impl Rune for u8 {
    fn code(self) -> i64 {
        self.into()
    }
    fn is_letter(self) -> bool {
        self.is_ascii_alphabetic()
    }
    fn is_digit(self) -> bool {
        self.is_ascii_digit()
    }
}

impl Rune for char {
    fn code(self) -> i64 {
        u32::from(self).into()
    }
    /// Go's `unicode.IsLetter` is the general category L, narrower than [`char::is_alphabetic`].
    fn is_letter(self) -> bool {
        static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}").ok());
        self.is_ascii_alphabetic() || (!self.is_ascii() && in_category(&LETTER, self))
    }
    fn is_digit(self) -> bool {
        static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}").ok());
        self.is_ascii_digit() || (!self.is_ascii() && in_category(&DIGIT, self))
    }
}

fn in_category(category: &LazyLock<Option<Regex>>, c: char) -> bool {
    category
        .as_ref()
        .is_some_and(|category| category.is_match(c.encode_utf8(&mut [0; 4])))
}

fn less_runes<R: Rune>(a: &[R], b: &[R]) -> bool {
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else {
        return a.len() < b.len();
    };
    let (x, y) = (a[at], b[at]);
    match (x.is_letter(), y.is_letter()) {
        (true, true) => return x.code() < y.code(),
        (false, false) => {}
        (_, letter_in_b) => return letter_in_b,
    }
    // After a number that began with a non-zero digit, a zero is a digit of it and not the start of a smaller number.
    let mut start = 0;
    if x.code() == 0x30 || y.code() == 0x30 {
        let digits = a[..at].iter().rev().take_while(|rune| rune.is_digit());
        start = i64::from(digits.into_iter().any(|rune| rune.code() != 0x30));
    }
    let number = |runes: &[R]| {
        let digits = runes[at..].iter().take_while(|rune| rune.is_digit());
        digits.fold((start, 0_usize), |(value, count), rune| {
            (value.wrapping_mul(10).wrapping_add(rune.code() - 0x30), count + 1)
        })
    };
    let ((a_value, a_count), (b_value, b_count)) = (number(a), number(b));
    match a_value.cmp(&b_value).then(a_count.cmp(&b_count)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => x.code() < y.code(),
    }
}

/// Sort `items` by their key. For key sets whose order is defined the result is that of any sort; for others it is
/// one of kustomize's possible outputs, always the same one. (The standard sort may panic on such sets.)
pub(super) fn sort<T: Copy>(items: &mut Vec<T>, key: impl Fn(&T) -> &str + Copy) {
    if items.windows(2).all(|pair| !less(key(&pair[1]), key(&pair[0]))) {
        return;
    }
    // kustomize's JSON step leaves keys in byte order, the best known start.
    items.sort_by(|a, b| key(a).cmp(key(b)));
    *items = merge_sort(items, key);
}

fn merge_sort<T: Copy>(items: &[T], key: impl Fn(&T) -> &str + Copy) -> Vec<T> {
    if items.len() < 2 {
        return items.to_vec();
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (merge_sort(left, key), merge_sort(right, key));
    let (mut from_left, mut from_right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut sorted = Vec::with_capacity(items.len());
    while let (Some(a), Some(b)) = (from_left.peek(), from_right.peek()) {
        let next = if less(key(b), key(a)) {
            from_right.next()
        } else {
            from_left.next()
        };
        sorted.extend(next);
    }
    sorted.extend(from_left);
    sorted.extend(from_right);
    sorted
}

/// False for most sets of names, in one look: a cycle needs a place where some names have a digit run and others a
/// letter after the same text.
pub(super) fn may_be_unstable<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> bool {
    let has_digit = |name: &&str| name.bytes().any(|byte| byte.is_ascii_digit());
    names.len() >= 3 && names.filter(has_digit).nth(1).is_some()
}

/// True when the order of `names` is not defined.
pub(super) fn is_unstable(names: &[&str]) -> bool {
    if !may_be_unstable(names.iter().copied()) {
        return false;
    }
    let mut sorted: Vec<&str> = names.to_vec();
    sort(&mut sorted, |name| name);
    // In a sorted list of a total order every earlier name is less than every later one.
    let limit = sorted.len().min(256);
    let sorted = &sorted[..limit];
    (0..sorted.len()).any(|i| (i + 1..sorted.len()).any(|j| less(sorted[j], sorted[i])))
}

#[cfg(test)]
mod tests {
    use super::{is_unstable, less, sort};

    /// `text` is names in the order that the real kustomize prints them.
    fn check(text: &str) {
        let expected: Vec<&str> = text.split(' ').collect();
        let mut names = expected.clone();
        names.reverse();
        sort(&mut names, |name| name);
        assert_eq!(names, expected);
        assert!(!is_unstable(&names));
    }

    #[test]
    fn natural_order() {
        check("#x -x .x _x ~ 1 01 2 002 10 A B a a-b a.b a_b a1 a01 a2 a10 aB ab b n v1 z é");
        check("a2 a10 a11 a100");
        check("x1y x1z x2y");
    }

    #[test]
    fn the_order_has_a_cycle() {
        assert!(less("v2", "v10") && less("v10", "v1beta1") && less("v1beta1", "v2"));
        assert!(is_unstable(&["v1beta1", "v2", "v10"]));
        let mut names = vec!["v2", "v10", "v1beta1"];
        sort(&mut names, |name| name);
        assert_eq!(names.len(), 3);
    }
}

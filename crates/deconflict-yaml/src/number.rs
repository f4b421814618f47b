//! Numbers as go-yaml reads them: Go's `strconv.ParseInt(_, 0, 64)`, then `ParseUint`, then decimal floats.

/// A number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

/// The number that `text` is, if it is one. `v3` adds what only go-yaml v3 knows (a sign after `0o`).
pub(crate) fn parse(text: &str, v3: bool) -> Option<Number> {
    // Go keeps underscores here, and its parser of floats refuses them.
    if text.starts_with('.') {
        return float(text);
    }
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &*without
    } else {
        text
    };
    integer(plain)
        .or_else(|| float(plain))
        .or_else(|| signed_after_prefix(plain, v3))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, signed, rest) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match rest.as_bytes() {
        [] => return None,
        [b'0', b'x' | b'X', _, ..] => (16, &rest[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &rest[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &rest[2..]),
        [b'0'] => (10, rest),
        [b'0', ..] => (8, &rest[1..]),
        _ => (10, rest),
    };
    // The standard library takes a sign here, Go does not.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).map(Number::Int)
    } else if let Ok(value) = i64::try_from(magnitude) {
        Some(Number::Int(value))
    } else {
        (!signed).then_some(Number::Uint(magnitude))
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, finite.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    let digits = |from: usize| {
        unsigned[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(0);
    let mut at = whole;
    if unsigned.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + fraction;
        if whole == 0 && fraction == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if matches!(unsigned.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(unsigned.get(at), Some(b'-' | b'+')));
        let exponent = digits(at.min(unsigned.len()));
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    if at != unsigned.len() {
        return None;
    }
    text.parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .map(Number::Float)
}

/// `0b-1` is minus one to go-yaml, which hands what follows the prefix to a parser that knows signs.
fn signed_after_prefix(text: &str, v3: bool) -> Option<Number> {
    let (radix, rest) = match text.get(..2)? {
        "0b" => (2, &text[2..]),
        "0o" if v3 => (8, &text[2..]),
        _ => return None,
    };
    i64::from_str_radix(rest, radix).ok().map(Number::Int)
}

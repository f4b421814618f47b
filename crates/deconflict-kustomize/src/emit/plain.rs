//! Would go-yaml v2 read this bare text as text?

/// True when `text`, written without quotes, reads back as a string in YAML 1.1 and is no base-60 number: then
/// go-yaml v2 writes it plain. A port of its `resolve` and `isBase60Float`.
pub(super) fn reads_as_text(text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return false;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => !is_word(text) && !is_number_or_time(text) && !is_base_60(text),
        b'.' => !is_word(text) && !is_dotted_float(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => !is_word(text),
        _ => true,
    }
}

/// Booleans, nulls, infinities and not-a-number, in their three spellings each.
fn is_word(text: &str) -> bool {
    text.len() <= 5
        && matches!(
            text,
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "true"
                | "True"
                | "TRUE"
                | "on"
                | "On"
                | "ON"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "false"
                | "False"
                | "FALSE"
                | "off"
                | "Off"
                | "OFF"
                | "~"
                | "null"
                | "Null"
                | "NULL"
                | ".nan"
                | ".NaN"
                | ".NAN"
                | ".inf"
                | ".Inf"
                | ".INF"
                | "+.inf"
                | "+.Inf"
                | "+.INF"
                | "-.inf"
                | "-.Inf"
                | "-.INF"
        )
}

fn is_number_or_time(text: &str) -> bool {
    if deconflict_yaml::timestamp_text(text).is_some() {
        return true;
    }
    let bare = text.replace('_', "");
    is_integer(&bare) || (is_float_form(&bare) && bare.parse::<f64>().is_ok_and(f64::is_finite))
}

/// `strconv.ParseInt` or `ParseUint` with base 0, and go-yaml's own binary form.
fn is_integer(text: &str) -> bool {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = unsigned.len() != text.len();
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // Rust's parser takes a sign of its own.
    if digits.starts_with(['+', '-']) {
        return false;
    }
    let Ok(value) = u64::from_str_radix(digits, radix) else {
        return false;
    };
    match (negative, signed) {
        (true, _) => value <= 1 << 63,
        (false, true) => value < 1 << 63,
        (false, false) => true,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float_form(text: &str) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let bytes = text.as_bytes();
    let mut rest = bytes
        .strip_prefix(b"-")
        .or_else(|| bytes.strip_prefix(b"+"))
        .unwrap_or(bytes);
    let whole = digits(rest);
    rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix(b".") {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = after
            .strip_prefix(b"-")
            .or_else(|| after.strip_prefix(b"+"))
            .unwrap_or(after);
        let exponent = digits(after);
        return exponent > 0 && exponent == after.len();
    }
    rest.is_empty()
}

/// A text that starts with a dot and that `strconv.ParseFloat` takes.
fn is_dotted_float(text: &str) -> bool {
    is_float_form(text) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = text.split(':');
    let Some(first) = parts.next() else { return false };
    let is_first = first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let is_sixtieth = |part: &str| match part.as_bytes() {
        [b'0'..=b'9'] => true,
        [tens, b'0'..=b'9'] => (b'0'..=b'5').contains(tens),
        _ => false,
    };
    is_first
        && middle.iter().all(|part| is_sixtieth(part))
        && is_sixtieth(last)
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::reads_as_text;

    #[track_caller]
    fn check(expected: bool, texts: &[&str]) {
        for text in texts {
            assert_eq!(reads_as_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quoted() {
        check(
            false,
            &[
                "", "~", "null", "y", "NO", "off", "1", "-1", "+1", "0x1F", "0b11", "-0b11", "0o17", "0777",
            ],
        );
        check(
            false,
            &[
                "1_000",
                "08",
                "1.5",
                "1e3",
                ".5",
                "+.inf",
                ".nan",
                "2020-01-01",
                "1:30",
                "12:30:45",
                "1:30.5",
            ],
        );
        check(
            false,
            &[
                "18446744073709551615",
                "99999999999999999999",
                "1.",
                "-9223372036854775808",
            ],
        );
    }

    #[test]
    fn plain() {
        check(
            true,
            &[
                "1e400",
                "0x1.8p1",
                "2001-13-01",
                "tRUE",
                "1:99",
                "=",
                "<<",
                "-",
                "+",
                "abc",
                "1.2.3",
                "v1",
            ],
        );
        check(
            true,
            &[
                "yess", ".x", "0x", "1a", "--1", "0x-1", "10.0.0.1", "8080/tcp", "1e", "é",
            ],
        );
    }
}

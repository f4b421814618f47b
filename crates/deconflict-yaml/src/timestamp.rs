//! Timestamps as go-yaml v3 reads them (`parseTimestamp` in resolve.go) and as Go prints them (RFC 3339).

use std::fmt::Write as _;

/// A timestamp, its parts as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timestamp {
    date: (u32, u32, u32),
    time: (u32, u32, u32),
    nanoseconds: u32,
    /// Minutes east of UTC.
    offset: i32,
}

/// Reads from the front of a text.
struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    /// A number of `least` to two digits that is at most `limit`.
    fn number(&mut self, least: usize, limit: u32) -> Option<u32> {
        let count = self
            .0
            .iter()
            .take(2)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let value = digits
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        (count >= least && value <= limit).then_some(value)
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }

    /// A fraction of a second, which may be absent; digits after the ninth do not count.
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', rest @ ..] = self.0 else {
            return 0;
        };
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return 0;
        }
        self.0 = &rest[count..];
        let digits = rest[..count].iter().chain(std::iter::repeat(&b'0')).take(9);
        digits.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }

    /// `Z` or `±hh:mm`, in minutes.
    fn zone(&mut self) -> Option<i32> {
        let sign = match self.0.split_first()? {
            (b'Z', rest) => {
                self.0 = rest;
                return Some(0);
            }
            (b'+', rest) => (1, rest),
            (b'-', rest) => (-1, rest),
            _ => return None,
        };
        self.0 = sign.1;
        let hours = self.number(2, 24)?;
        self.skip(b':')?;
        let minutes = self.number(2, 60)?;
        Some(sign.0 * (hours * 60 + minutes).cast_signed())
    }
}

/// The timestamp that `text` is, if it is one of the four forms that go-yaml v3 knows.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.as_bytes().split_at_checked(4)?;
    if rest.first() != Some(&b'-') || !year.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = year
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    let mut rest = Cursor(&rest[1..]);
    let month = rest.number(1, 12).filter(|month| *month > 0)?;
    rest.skip(b'-')?;
    let day = rest.number(1, days(year, month)).filter(|day| *day > 0)?;
    let mut found = Timestamp {
        date: (year, month, day),
        time: (0, 0, 0),
        nanoseconds: 0,
        offset: 0,
    };
    let Some((separator, after)) = rest.0.split_first() else {
        return Some(found);
    };
    rest.0 = after;
    let hour = rest.number(1, 23)?;
    rest.skip(b':')?;
    let minute = rest.number(1, 59)?;
    rest.skip(b':')?;
    found.time = (hour, minute, rest.number(1, 59)?);
    found.nanoseconds = rest.fraction();
    match separator {
        b'T' | b't' => found.offset = rest.zone()?,
        b' ' => {}
        _ => return None,
    }
    rest.0.is_empty().then_some(found)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The text that Go's JSON gives a timestamp, for example `2001-12-14T00:00:00Z`; `None` for what is none.
pub fn timestamp_text(text: &str) -> Option<String> {
    let Timestamp {
        date: (year, month, day),
        time: (hour, minute, second),
        nanoseconds,
        offset,
    } = parse(text)?;
    let mut out = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanoseconds > 0 {
        let fraction = format!("{nanoseconds:09}");
        out.push('.');
        out.push_str(fraction.trim_end_matches('0'));
    }
    if offset == 0 {
        out.push('Z');
    } else {
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs();
        write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            .expect("because writing to a String cannot fail");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::timestamp_text;

    /// Confirmed with kubectl 1.32 (kustomize v5.5.0).
    #[test]
    fn printed_as_go_does() {
        for (text, printed) in [
            ("2001-12-14", Some("2001-12-14T00:00:00Z")),
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            (
                "2001-12-14t21:59:43.10-05:00",
                Some("2001-12-14T21:59:43.1-05:00"),
            ),
            ("2001-12-14 21:59:43.10", Some("2001-12-14T21:59:43.1Z")),
            ("2001-12-14T21:59:43+00:00", Some("2001-12-14T21:59:43Z")),
            ("2024-02-29T1:2:3Z", Some("2024-02-29T01:02:03Z")),
            ("2001-12-14 21:59:43.10 -5", None),
            ("2001-02-30", None),
            ("2001-12-14T21:59:43", None),
            ("2001-13-01", None),
            ("2001-", None),
            ("20011-1-1", None),
        ] {
            assert_eq!(timestamp_text(text).as_deref(), printed, "{text}");
        }
    }
}

//! Dates as `YYYY-MM-DD`: comparable as text, never taken from a clock.

/// True for a day that exists, written `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_shaped {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn days_that_exist() {
        let check = |text: &str, want: bool| assert_eq!(is_date(text), want, "{text}");
        check("2027-06-30", true);
        check("2028-02-29", true);
        check("2000-02-29", true);
        check("2027-02-29", false);
        check("1900-02-29", false);
        check("2027-06-31", false);
        check("2027-00-01", false);
        check("2027-13-01", false);
        check("2027-6-30", false);
        check("30.06.2027", false);
        check("2027-06-30T00:00:00Z", false);
        check("²027-06-30", false);
    }
}

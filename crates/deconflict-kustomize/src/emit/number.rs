//! Floats as Go writes them.

/// A finite float that went through Go's JSON and back through go-yaml v2: whole numbers that fit 64 bits become
/// integers, the rest is the shortest text, with an exponent below 1e-4 and from 1e6 up.
pub(crate) fn float_through_json(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e21 {
        let digits = decimal(value);
        if let Ok(int) = digits.parse::<i64>() {
            return int.to_string();
        }
        if digits.parse::<u64>().is_ok() {
            return digits;
        }
    }
    float_text(value)
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`.
pub(crate) fn float_text(value: f64) -> String {
    let (negative, digits, exponent) = shortest(value);
    if (-4..6).contains(&exponent) {
        return decimal(value);
    }
    let sign = if negative { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!(
        "{sign}{first}{point}{rest}e{exponent_sign}{:02}",
        exponent.unsigned_abs()
    )
}

/// `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits, padded with zeros to the decimal point.
fn decimal(value: f64) -> String {
    let (negative, digits, exponent) = shortest(value);
    let sign = if negative { "-" } else { "" };
    let Ok(whole) = usize::try_from(exponent + 1) else {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    };
    if digits.len() <= whole {
        let zeros = "0".repeat(whole - digits.len());
        return format!("{sign}{digits}{zeros}");
    }
    if whole == 0 {
        return format!("{sign}0.{digits}");
    }
    let (before, after) = digits.split_at(whole);
    format!("{sign}{before}.{after}")
}

/// Sign, shortest digits that read back as the same number, and the exponent of the first digit.
fn shortest(value: f64) -> (bool, String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.replace('.', "");
    (value.is_sign_negative(), digits, exponent.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{float_text, float_through_json};

    #[track_caller]
    fn check(value: f64, through_json: &str, text: &str) {
        assert_eq!(
            (float_through_json(value).as_str(), float_text(value).as_str()),
            (through_json, text)
        );
    }

    #[test]
    fn as_go_writes_them() {
        check(1.0, "1", "1");
        check(-0.0, "0", "-0");
        check(1e3, "1000", "1000");
        check(1.5e15, "1500000000000000", "1.5e+15");
        check(
            12_345_678_901_234_567_890.5,
            "12345678901234567000",
            "1.2345678901234567e+19",
        );
        check(1e20, "1e+20", "1e+20");
        check(-1e19, "-1e+19", "-1e+19");
        check(1_234_567.8, "1.2345678e+06", "1.2345678e+06");
        check(0.00001, "1e-05", "1e-05");
        check(0.0001, "0.0001", "0.0001");
        check(0.25, "0.25", "0.25");
        check(123_456.5, "123456.5", "123456.5");
        check(1e300, "1e+300", "1e+300");
    }
}

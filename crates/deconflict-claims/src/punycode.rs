//! Punycode (RFC 3492) of one label: hosts that look different may be the same name.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;

/// The label in ASCII, without `xn--`. A label that the algorithm's numbers cannot hold (thousands of characters) stays as
/// far as it got: it is no host name anyway.
pub(crate) fn encode(label: &str) -> String {
    let characters: Vec<u32> = label.chars().map(u32::from).collect();
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = out.len() as u32;
    let (mut done, mut n, mut delta, mut bias) = (basic, 128_u32, 0_u32, 72_u32);
    if basic > 0 {
        out.push('-');
    }
    while (done as usize) < characters.len() {
        let Some(next) = characters.iter().copied().filter(|c| *c >= n).min() else {
            break;
        };
        let Some(step) = (next - n)
            .checked_mul(done + 1)
            .and_then(|step| delta.checked_add(step))
        else {
            break;
        };
        (delta, n) = (step, next);
        for c in &characters {
            if *c < n {
                delta = delta.saturating_add(1);
            }
            if *c == n {
                push_integer(&mut out, delta, bias);
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta = delta.saturating_add(1);
        n += 1;
    }
    out
}

fn push_integer(out: &mut String, mut value: u32, bias: u32) {
    let mut k = BASE;
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if value < threshold {
            break;
        }
        out.push(digit(threshold + (value - threshold) % (BASE - threshold)));
        value = (value - threshold) / (BASE - threshold);
        k += BASE;
    }
    out.push(digit(value));
}

fn digit(value: u32) -> char {
    char::from_digit(value, BASE).map_or('z', |_| {
        let byte = if value < 26 {
            b'a' + value as u8
        } else {
            b'0' + (value - 26) as u8
        };
        char::from(byte)
    })
}

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn known_labels() {
        for (label, expected) in [
            ("bücher", "bcher-kva"),
            ("münchen", "mnchen-3ya"),
            ("例え", "r8jz45g"),
            ("ö", "nda"),
        ] {
            assert_eq!(encode(label), expected);
        }
    }
}

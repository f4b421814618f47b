//! "Did you mean".

/// The candidate closest to `text`, if one is close enough to be meant: at most a third of the letters differ.
pub fn closest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let most = (text.chars().count() / 3).max(1);
    let scored = candidates
        .into_iter()
        .map(|candidate| (distance(text, candidate), candidate));
    scored
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn near_names_are_found() {
        let names = [
            "net-nodeport-taken",
            "net-ingress-path-taken",
            "own-object-conflict",
        ];
        let check = |text: &str, want: Option<&str>| assert_eq!(closest(text, names), want, "{text}");
        check("net-nodeport-taken", Some("net-nodeport-taken"));
        check("net-node-port-taken", Some("net-nodeport-taken"));
        check("own-objcet-conflict", Some("own-object-conflict"));
        check("xyz", None);
        check("", None);
    }
}

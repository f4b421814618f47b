//! The nearest name, for "did you mean".

/// The candidate closest to `name`, if one is close enough: at most a third of the letters differ, a wrong case counts
/// nothing, and one name may be the other's plural.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let lower = name.to_lowercase();
    let scored = candidates.into_iter().filter_map(|candidate| {
        let distance = distance(&lower, &candidate.to_lowercase(), limit)?;
        Some((distance, candidate.len().abs_diff(name.len()), candidate))
    });
    scored.min().map(|(_, _, candidate)| candidate)
}

/// Edits (insert, delete, replace, swap of neighbours) between two texts, if at most `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(ca != cb))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn close_names_win() {
        let fields = [
            "containers",
            "initContainers",
            "volumes",
            "replicas",
            "imagePullPolicy",
        ];
        for (name, want) in [
            ("container", Some("containers")),
            ("Replicas", Some("replicas")),
            ("repilcas", Some("replicas")),
            ("imagepullpolicy", Some("imagePullPolicy")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(name, fields), want, "{name}");
        }
    }
}

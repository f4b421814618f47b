//! One small change at a time.

use super::seeds::Tree;

/// Numbers that are random enough and the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        // Knuth's MMIX constants; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }

    pub(super) fn choose<'c, T>(&mut self, from: &'c [T]) -> &'c T {
        &from[self.below(from.len())]
    }
}

/// What means something to a parser or to kustomize.
const PIECES: [&str; 48] = [
    "- ",
    ": ",
    "? ",
    "\n",
    "---\n",
    "...\n",
    "  ",
    "\t",
    "|",
    ">-",
    "|2+",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    ", ",
    "# c\n",
    "&x ",
    "*x",
    "<<: *x\n",
    "!!int ",
    "!!binary ",
    "\r\n",
    "ü",
    "\u{feff}",
    "\0",
    "~",
    "null",
    "-1",
    "0x1f",
    "1e999",
    "..",
    "/",
    "~1",
    "*",
    "$patch: delete\n",
    "$patch: replace\n",
    "$setElementOrder/containers: []\n",
    "namePrefix: a-\n",
    "namespace: \"\"\n",
    "kind: List\n",
    "items: []\n",
    "%YAML 1.1\n",
    "99999999999999999999",
];

pub(super) fn change(tree: &mut Tree, all: &[Tree], dictionary: &[String], dice: &mut Dice) {
    let at = dice.below(tree.files.len());
    match dice.below(14) {
        0 => drop(tree.files.remove(at)),
        1 => {
            let (path, bytes) = tree.files[at].clone();
            let other = tree.files[dice.below(tree.files.len())].0.clone();
            tree.files[at].0 = if dice.below(2) == 0 {
                other
            } else {
                format!("{path}.yaml")
            };
            tree.files.push((path, bytes));
        }
        2 => {
            let other = dice.choose(all);
            let (_, bytes) = dice.choose(&other.files).clone();
            tree.files[at].1.extend(bytes);
        }
        3 => {
            let bytes = &mut tree.files[at].1;
            let place = dice.below(bytes.len() + 1);
            bytes.insert(place, u8::try_from(dice.below(256)).unwrap_or_default());
        }
        _ => {
            if let Ok(text) = std::str::from_utf8(&tree.files[at].1) {
                tree.files[at].1 = text_changed(text, dictionary, dice).into_bytes();
            }
        }
    }
    if tree.files.is_empty() {
        tree.files.push(("kustomization.yaml".to_owned(), Vec::new()));
    }
}

fn text_changed(text: &str, dictionary: &[String], dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return (*dice.choose(&PIECES)).to_owned();
    }
    let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(9) {
        0 => drop(lines.remove(a)),
        1 => lines.insert(a, lines[b].clone()),
        2 => lines.swap(a, b),
        3 => lines[a].insert_str(0, "  "),
        4 => lines[a] = lines[a].strip_prefix("  ").unwrap_or(&lines[a]).to_owned(),
        5 => lines.truncate(a + 1),
        6 => {
            // One word for another, wherever it stands.
            let word = dice.choose(dictionary).clone();
            let line = lines[a].clone();
            let old: Vec<&str> = line
                .split([' ', ':', '\n'])
                .filter(|old| !old.is_empty())
                .collect();
            if !old.is_empty() {
                lines[a] = line.replacen(dice.choose(&old), &word, 1);
            }
        }
        7 => {
            let piece = *dice.choose(&PIECES);
            let line = &mut lines[a];
            let mut place = dice.below(line.len() + 1);
            while !line.is_char_boundary(place) {
                place -= 1;
            }
            line.insert_str(place, piece);
        }
        _ => {
            // Everything from one line to another once more.
            let (from, to) = (a.min(b), a.max(b) + 1);
            let copied: Vec<String> = lines[from..to].to_vec();
            let place = dice.below(lines.len() + 1);
            lines.splice(place..place, copied);
        }
    }
    lines.concat()
}

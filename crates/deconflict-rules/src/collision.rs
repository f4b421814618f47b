//! The sides of a collision, in the order and words that every such finding has.

use deconflict_claims::{Claimed, ClusterIndex, Placed, Spot};
use deconflict_files::{Files, RepoPath};
use deconflict_findings::{Certainty, Finding, Label};

use crate::{ClusterContext, Rule};

/// One side: an object and the text of it that collides.
#[derive(Clone, Debug)]
pub(crate) struct Side<'i, 'a> {
    pub(crate) placed: &'i Placed<'a>,
    pub(crate) spot: Spot,
    /// What the label says before the team; the object's title unless the rule knows better.
    pub(crate) label: String,
}

impl<'i, 'a> Side<'i, 'a> {
    /// The object at `spot`.
    pub(crate) fn new(placed: &'i Placed<'a>, spot: Spot) -> Self {
        Self {
            placed,
            spot,
            label: placed.title(),
        }
    }

    /// The object where it is declared.
    pub(crate) fn declared(placed: &'i Placed<'a>) -> Self {
        let object = &placed.facts.object;
        let name = object.body.at_path(&["metadata", "name"]);
        let spot = match name.filter(|name| name.at == object.declared_at) {
            Some(name) => Spot::of(name),
            None => Spot::at(object.declared_at),
        };
        Self::new(placed, spot)
    }

    /// With other words before the team.
    #[must_use]
    pub(crate) fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
}

impl<'i, 'a> From<&Claimed<'i, 'a>> for Side<'i, 'a> {
    fn from(claimed: &Claimed<'i, 'a>) -> Self {
        Self::new(claimed.placed, claimed.claim.spot.clone())
    }
}

/// Two or more sides in the order of their places.
#[derive(Clone, Debug)]
pub(crate) struct Collision<'i, 'a> {
    pub(crate) sides: Vec<Side<'i, 'a>>,
}

impl<'i, 'a> Collision<'i, 'a> {
    /// `sides` in the order of their places.
    pub(crate) fn new(files: &Files, sides: impl IntoIterator<Item = Side<'i, 'a>>) -> Self {
        let mut keyed: Vec<(RepoPath, u32, Side<'i, 'a>)> = sides
            .into_iter()
            .map(|side| {
                let path = files.get(side.spot.at.file).path.clone();
                (path, side.spot.at.span.start, side)
            })
            .collect();
        keyed.sort_by(|a, b| {
            let tie = |side: &Side<'_, '_>| (side.placed.app.clone(), side.placed.title());
            (&a.0, a.1)
                .cmp(&(&b.0, b.1))
                .then_with(|| tie(&a.2).cmp(&tie(&b.2)))
        });
        Self {
            sides: keyed.into_iter().map(|(_, _, side)| side).collect(),
        }
    }

    /// Who collides: `payments and checkout`; teams if they are different ones, else applications, else objects.
    pub(crate) fn who(&self) -> String {
        list(&self.names(), "and")
    }

    /// Who these are, seen from `other`: teams when that tells them apart from it, else applications.
    pub(crate) fn who_of(&self, other: &Placed<'_>) -> String {
        let mut names: Vec<String> = Vec::new();
        for side in &self.sides {
            let placed = side.placed;
            let name = if placed.who() == other.who() {
                placed.app.as_str()
            } else {
                placed.who()
            };
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        list(&names, "and")
    }

    /// `both` for two, `all` for more.
    pub(crate) fn both(&self) -> &'static str {
        if self.names().len() > 2 { "all" } else { "both" }
    }

    fn names(&self) -> Vec<String> {
        let by = |name: fn(&Placed<'a>) -> String| -> Vec<String> {
            let mut names: Vec<String> = Vec::new();
            for side in &self.sides {
                let name = name(side.placed);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        // Many sides of few teams are told by team; two sides of one team by what tells them apart.
        let teams = by(|placed| placed.who().to_owned());
        if teams.len() > 1 {
            return teams;
        }
        let apps = by(|placed| placed.app.to_string());
        if apps.len() > 1 {
            return apps;
        }
        let titles = by(Placed::title);
        if titles.len() > 1 {
            return titles;
        }
        by(|placed| match &placed.placement.root {
            Some(root) => format!("{} ({})", placed.title(), root.display()),
            None => placed.title(),
        })
    }

    /// True when the sides belong to two or more applications.
    pub(crate) fn crosses_applications(&self) -> bool {
        let first = self.sides.first().map(|side| &side.placed.app);
        self.sides.iter().any(|side| Some(&side.placed.app) != first)
    }

    /// The finding of `rule` with that headline: a label and an object per side, the first side's trail, and the least
    /// certainty of the sides.
    pub(crate) fn finding(&self, rule: &Rule, message: String) -> Option<Finding> {
        let first = self.sides.first()?;
        let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, first.spot.at);
        finding.primary = label(first);
        let other = |side: &Side<'_, '_>| Label {
            trail: side.spot.trail(),
            ..label(side)
        };
        finding.related = self.sides[1..].iter().map(other).collect();
        finding.trail = first.spot.trail();
        finding.objects = self.sides.iter().map(|side| side.placed.reference()).collect();
        let certainties = self.sides.iter().map(|side| side.placed.certainty);
        finding.certainty = certainties.min().unwrap_or(Certainty::Witnessed);
        Some(finding)
    }
}

fn label(side: &Side<'_, '_>) -> Label {
    let text = match &side.placed.owner {
        Some(team) => format!("{} (team {team})", side.label),
        None => format!("{} ({})", side.label, side.placed.app),
    };
    Label::new(side.spot.at, text)
}

/// ` in prod-eu` for a cluster; nothing for a root that nothing places.
pub(crate) fn in_cluster(index: &ClusterIndex<'_>) -> String {
    index
        .name()
        .map_or_else(String::new, |name| format!(" in {name}"))
}

/// `a, b and c`; of more than five the first four and how many more.
pub(crate) fn list(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] if head.len() < 5 => format!("{} {word} {last}", head.join(", ")),
        _ => format!("{} and {} more", names[..4].join(", "), names.len() - 4),
    }
}

/// One claim per object, the first; objects that are one in the cluster count once, because that is a finding of its own.
pub(crate) fn by_object<'c, 'i, 'a>(claims: &'c [Claimed<'i, 'a>]) -> Vec<&'c Claimed<'i, 'a>> {
    let mut kept: Vec<&Claimed<'i, 'a>> = Vec::new();
    for claimed in claims {
        if kept
            .iter()
            .all(|known| known.placed.identity() != claimed.placed.identity())
        {
            kept.push(claimed);
        }
    }
    kept
}

/// The sides of `claims`.
pub(crate) fn collide<'i, 'a>(
    context: &ClusterContext<'_>,
    claims: &[&Claimed<'i, 'a>],
) -> Collision<'i, 'a> {
    Collision::new(context.files, claims.iter().map(|claimed| Side::from(*claimed)))
}

/// Report every key of `space` that two objects claim: `what` says what it is, `help` what to edit.
pub(crate) fn report_taken(
    context: &ClusterContext<'_>,
    sink: &mut crate::Sink,
    rule: &Rule,
    (space, what): (deconflict_claims::Space, &str),
    (note, help): (&str, &str),
) {
    for group in context.index.claims(space) {
        let sides = by_object(&group);
        let [first, _, ..] = sides.as_slice() else {
            continue;
        };
        let collision = collide(context, &sides);
        let key = first.claim.key.to_string();
        let message = format!(
            "{} {} claim {what} {key}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(rule, message) else {
            continue;
        };
        finding.key = Some(key);
        finding.notes.push(note.to_owned());
        finding.help = Some(help.to_owned());
        sink.report(finding);
    }
}

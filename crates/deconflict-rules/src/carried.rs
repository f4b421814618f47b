//! Objects inside objects: Hive's SyncSets and SelectorSyncSets apply what they carry to the clusters that they select, and
//! not to the hub that holds them. Which clusters these are is known to the hub only, so what is carried meets what other
//! SyncSets of the hub carry, and nothing else.

use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Footprint, Placed, Site};
use deconflict_config::Config;
use deconflict_findings::Certainty;
use deconflict_kube::{Labels, Object, Scopes, Selector, items_at, text_at};
use deconflict_placement::{Engine, Owners, Placement, PlacementId};
use deconflict_yaml::Node;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, ToSmolStr};

use crate::compare::across_applications;

const GROUP: &str = "hive.openshift.io";

/// Of one object in more different choices of clusters than these only equal choices are compared, so that a hub with a
/// SyncSet for each of its clusters costs what its size says.
const MOST: usize = 128;

/// The SyncSets of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    sets: Vec<SyncSet>,
    /// The choices of clusters, each once.
    choices: Vec<Choice>,
    /// The labels of ClusterDeployments by namespace and name.
    deployments: FxHashMap<(SmolStr, SmolStr), Labels>,
    /// The labels of clusters, as ClusterDeployments and the configuration say.
    clusters: Vec<Labels>,
}

/// One of them: it stands for an application of the objects that it carries.
#[derive(Debug)]
struct SyncSet {
    placement: Placement,
    objects: Footprint,
    choice: usize,
    certainty: Certainty,
}

/// Which clusters a SyncSet selects.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Choice {
    /// ClusterDeployments by namespace and name, sorted.
    Named(Vec<(SmolStr, SmolStr)>),
    /// All that match; some labels do.
    Selected(Selector),
}

/// An object that several SyncSets carry to one cluster.
#[derive(Debug)]
pub(crate) struct Clash<'i, 'a> {
    /// The object in each of them.
    pub(crate) sides: Vec<&'i Placed<'a>>,
    /// `Possible` when nothing shows that there is a cluster that all of them select.
    pub(crate) certainty: Certainty,
}

impl Carried {
    /// What the SyncSets among the objects of `index` carry.
    pub(crate) fn of(index: &ClusterIndex<'_>, config: &Config) -> Self {
        let mut carried = Self::default();
        let mut known: FxHashMap<Choice, usize> = FxHashMap::default();
        for placed in index.live() {
            let key = &placed.facts.object.key;
            if key.group != GROUP {
                continue;
            }
            if key.kind == "ClusterDeployment" {
                let labels = Labels::of(placed.facts.object.body.at_path(&["metadata", "labels"]));
                let namespace = placed.namespace.clone().unwrap_or_default();
                carried.clusters.push(labels.clone());
                carried.deployments.insert((namespace, key.name.clone()), labels);
            } else if let Some(choice) = choice(placed) {
                let choices = &mut carried.choices;
                let choice = *known.entry(choice).or_insert_with_key(|choice| {
                    choices.push(choice.clone());
                    choices.len() - 1
                });
                let number = PlacementId(carried.sets.len() as u32);
                carried.sets.push(SyncSet::new(placed, choice, number));
            }
        }
        carried.clusters.extend(config.clusters.iter().map(|cluster| {
            let mut labels = Labels::default();
            for (key, value) in &cluster.labels {
                labels.set(key, value);
            }
            labels
        }));
        carried
    }

    /// The carried objects. They do not share a cluster; those of one SyncSet do.
    pub(crate) fn index(&self) -> ClusterIndex<'_> {
        let mut scopes = Scopes::new();
        for set in &self.sets {
            set.objects.define_scopes(&mut scopes);
        }
        let sites = self.sets.iter().map(|set| Site {
            placement: &set.placement,
            footprint: &set.objects,
        });
        let sites: Vec<Site<'_>> = sites.collect();
        let mut index = ClusterIndex::new(None, &sites, &Owners::default(), &scopes);
        for placed in &mut index.objects {
            let set = &self.sets[placed.placement.id.0 as usize];
            placed.owner.clone_from(&set.placement.owner);
            placed.certainty = placed.certainty.min(set.certainty);
        }
        index
    }

    /// Which objects of `index`, which is [`Carried::index`], several SyncSets carry to one cluster.
    pub(crate) fn clashes<'i, 'a>(&self, index: &'i ClusterIndex<'a>) -> Vec<Clash<'i, 'a>> {
        let mut met: FxHashMap<(usize, usize), Option<Certainty>> = FxHashMap::default();
        let mut meet = |a: usize, b: usize| {
            let pair = (a.min(b), a.max(b));
            *met.entry(pair)
                .or_insert_with(|| self.meet(&self.choices[pair.0], &self.choices[pair.1]))
        };
        let mut clashes = Vec::new();
        for group in across_applications(index) {
            let mut positions: FxHashMap<usize, usize> = FxHashMap::default();
            let mut by_choice: Vec<(usize, Vec<&Placed<'a>>)> = Vec::new();
            for placed in group {
                let choice = self.sets[placed.placement.id.0 as usize].choice;
                let at = *positions.entry(choice).or_insert_with(|| {
                    by_choice.push((choice, Vec::new()));
                    by_choice.len() - 1
                });
                by_choice[at].1.push(placed);
            }
            clashes.extend(split(&by_choice, &mut meet));
        }
        clashes
    }

    /// Whether one cluster can be among both, and how certain it is that one is.
    fn meet(&self, a: &Choice, b: &Choice) -> Option<Certainty> {
        match (a, b) {
            (Choice::Named(a), Choice::Named(b)) => a
                .iter()
                .any(|name| b.binary_search(name).is_ok())
                .then_some(Certainty::Witnessed),
            (Choice::Named(names), Choice::Selected(selector))
            | (Choice::Selected(selector), Choice::Named(names)) => {
                let selects = |name| match self.deployments.get(name) {
                    Some(labels) => selector.matches(labels).then_some(Certainty::Witnessed),
                    None => Some(Certainty::Possible),
                };
                names.iter().filter_map(selects).max()
            }
            (Choice::Selected(a), Choice::Selected(b)) => {
                // A selector is written for clusters that are there: what selects all of them selects one.
                let mut clusters = self.clusters.iter();
                if a.covers(b) || b.covers(a) || clusters.any(|labels| a.matches(labels) && b.matches(labels))
                {
                    Some(Certainty::Witnessed)
                } else {
                    a.meets(b).then_some(Certainty::Possible)
                }
            }
        }
    }
}

impl SyncSet {
    fn new(placed: &Placed<'_>, choice: usize, id: PlacementId) -> Self {
        let body = &placed.facts.object.body;
        let resources = body.at_path(&["spec", "resources"]).map(Node::items);
        let resources = resources.unwrap_or_default().iter();
        let mut placement = Placement {
            id,
            engine: Engine::Plain,
            app: Some(placed.title().to_smolstr()),
            cluster: None,
            unnamed: None,
            namespace: None,
            owner: placed.owner.clone(),
            ..placed.placement.clone()
        };
        placement.upkeep.prunes = Some(text_at(body, &["spec", "resourceApplyMode"]) == Some("Sync"));
        Self {
            placement,
            objects: Footprint::new(resources.filter_map(|body| Object::new(Arc::clone(body), None).ok())),
            choice,
            certainty: placed.certainty,
        }
    }
}

/// The clusters that a SyncSet or SelectorSyncSet applies its objects to; `None` for other objects, and for one that applies
/// them nowhere or leaves existing objects alone.
fn choice(placed: &Placed<'_>) -> Option<Choice> {
    let body = &placed.facts.object.body;
    if text_at(body, &["spec", "applyBehavior"]) == Some("CreateOnly") {
        return None;
    }
    match placed.facts.object.key.kind.as_str() {
        "SelectorSyncSet" => {
            let selector = match body.at_path(&["spec", "clusterDeploymentSelector"]) {
                Some(selector) => Selector::of_label_selector(selector)?,
                None => Selector::default(),
            };
            selector.meets(&selector).then_some(Choice::Selected(selector))
        }
        "SyncSet" => {
            let namespace = placed.namespace.clone().unwrap_or_default();
            let refs = items_at(body, &["spec", "clusterDeploymentRefs"]);
            let names = refs.filter_map(|reference| text_at(reference, &["name"]));
            let mut names: Vec<_> = names.map(|name| (namespace.clone(), name.into())).collect();
            names.sort();
            names.dedup();
            (!names.is_empty()).then_some(Choice::Named(names))
        }
        _ => None,
    }
}

/// The sets of choices in which each meets each with equal certainty, every pair that meets in one of them.
fn split<'i, 'a>(
    by_choice: &[(usize, Vec<&'i Placed<'a>>)],
    meet: &mut impl FnMut(usize, usize) -> Option<Certainty>,
) -> Vec<Clash<'i, 'a>> {
    let clash = |among: &[usize], certainty| Clash {
        sides: among.iter().flat_map(|at| by_choice[*at].1.clone()).collect(),
        certainty,
    };
    let is_several = |at: usize| by_choice[at].1.len() > 1;
    if by_choice.len() > MOST {
        let equal = (0..by_choice.len()).filter(|at| is_several(*at));
        return equal.map(|at| clash(&[at], Certainty::Witnessed)).collect();
    }
    let mut clashes = Vec::new();
    let mut told: FxHashSet<(usize, usize)> = FxHashSet::default();
    for certainty in [Certainty::Witnessed, Certainty::Possible] {
        let mut is = |a: usize, b: usize| meet(by_choice[a].0, by_choice[b].0) == Some(certainty);
        for first in 0..by_choice.len() {
            for second in first..by_choice.len() {
                let is_pair = first != second || is_several(first);
                if !is_pair || told.contains(&(first, second)) || !is(first, second) {
                    continue;
                }
                let mut among = vec![first, second];
                among.dedup();
                for other in 0..by_choice.len() {
                    if !among.contains(&other) && among.iter().all(|known| is(*known, other)) {
                        among.push(other);
                    }
                }
                among.sort_unstable();
                for (at, one) in among.iter().enumerate() {
                    told.extend(among[at..].iter().map(|other| (*one, *other)));
                }
                clashes.push(clash(&among, certainty));
            }
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    /// A SelectorSyncSet or SyncSet of a team in cluster `hub`: `spec` before what it carries.
    fn set(team: &str, kind: &str, spec: &str, carried: &[&str]) -> String {
        let namespace = if kind == "SyncSet" {
            "\n  namespace: fleet"
        } else {
            ""
        };
        let mut text = format!(
            "//- apps/{team}/x/overlays/hub/{team}.yaml\napiVersion: hive.openshift.io/v1\nkind: {kind}\nmetadata:\n  name: \
             {team}-set{namespace}\nspec:\n  {spec}\n  resources:\n"
        );
        for body in carried {
            text += &format!("    - {body}\n");
        }
        text
    }

    fn selected(selector: &str) -> String {
        format!("clusterDeploymentSelector: {selector}")
    }

    fn map(namespace: &str, data: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: x, namespace: {namespace}}}, data: {{k: {data}}}}}"
        )
    }

    fn deployment(name: &str, labels: &str) -> String {
        format!(
            "//- apps/fleet/x/overlays/hub/{name}.yaml\napiVersion: hive.openshift.io/v1\nkind: ClusterDeployment\nmetadata: {{name: \
             {name}, namespace: fleet, labels: {labels}}}\n"
        )
    }

    /// Two SelectorSyncSets with different content.
    fn two(a: &str, b: &str) -> String {
        set("a", "SelectorSyncSet", &selected(a), &[&map("n", "x")])
            + &set("b", "SelectorSyncSet", &selected(b), &[&map("n", "z")])
    }

    /// The rule of each finding, and `?` behind it when it is only possible.
    fn rules(text: &str) -> Vec<String> {
        let got = run("", text);
        let heads = got.lines().filter(|line| line.contains("[own-"));
        heads
            .map(|line| {
                let rule = line.split(['[', ']']).nth(1).unwrap_or_default();
                format!("{rule}{}", if line.contains("] (possible)") { "?" } else { "" })
            })
            .collect()
    }

    const MANAGED: &str = "{matchLabels: {managed: 'true'}}";

    #[test]
    fn one_selector() {
        check(
            "own-object-conflict",
            &two(MANAGED, MANAGED),
            "error[own-object-conflict]: a and b both deploy ConfigMap n/x in clusters that both SyncSets select, with different content
             apps/a/x/overlays/hub/a.yaml:8 `x` ConfigMap n/x in SelectorSyncSet a-set (team a)
             apps/b/x/overlays/hub/b.yaml:8 `x` ConfigMap n/x in SelectorSyncSet b-set (team b)
             note: they differ in: data.k (\"x\" / \"z\")
             note: Hive applies each SyncSet again and again, so each overwrites the other in turn
             help: give one of them its own name, or let one team own it and the other read it",
        );
    }

    #[test]
    fn selectors_that_meet() {
        let expression = |key: &str, operator: &str, values: &str| {
            format!("{{matchExpressions: [{{key: {key}, operator: {operator}, values: [{values}]}}]}}")
        };
        let none: [String; 0] = [];
        let eu = "{matchLabels: {region: eu}}";
        assert_eq!(rules(&two(MANAGED, eu)), ["own-object-conflict?"]);
        assert!(run("", &two(MANAGED, eu)).contains("SyncSets may select"));
        assert_eq!(rules(&two(eu, "{matchLabels: {region: us}}")), none);
        assert_eq!(rules(&two(eu, &expression("region", "NotIn", "eu"))), none);
        assert_eq!(
            rules(&two(MANAGED, "{matchLabels: {managed: 'true', region: eu}}")),
            ["own-object-conflict"]
        );
        assert_eq!(rules(&two("{}", eu)), ["own-object-conflict"]);
        // Nothing has two values, and nobody knows what the other one means.
        let never = "{matchLabels: {a: x}, matchExpressions: [{key: a, operator: In, values: [y]}]}";
        assert_eq!(rules(&two(never, never)), none);
        assert_eq!(rules(&two(eu, &expression("region", "Near", "eu"))), none);
        let with = |labels: &str| rules(&(two(MANAGED, eu) + &deployment("one", labels)));
        assert_eq!(with("{managed: 'true', region: eu}"), ["own-object-conflict"]);
        assert_eq!(with("{managed: 'true', region: us}"), ["own-object-conflict?"]);
    }

    #[test]
    fn what_is_carried() {
        let none: [String; 0] = [];
        let both = |spec: &str, a: &str, b: &str| {
            let spec = format!("{spec}\n  {}", selected(MANAGED));
            set("a", "SelectorSyncSet", &spec, &[a]) + &set("b", "SelectorSyncSet", &spec, &[b])
        };
        let (one, other) = (map("n", "x"), map("n", "z"));
        for mode in ["Sync", "Upsert"] {
            let mode = format!("resourceApplyMode: {mode}");
            assert_eq!(rules(&both(&mode, &one, &other)), ["own-object-conflict"]);
        }
        let equal = |mode: &str| {
            run(
                "own-object-duplicate",
                &both(&format!("resourceApplyMode: {mode}"), &one, &one),
            )
        };
        assert!(equal("Sync").starts_with("error[") && equal("Upsert").starts_with("warning["));
        assert_eq!(rules(&both("applyBehavior: CreateOnly", &one, &other)), none);
        assert_eq!(rules(&both("patches: []", &one, &map("m", "z"))), none);
        assert_eq!(
            rules(&both("patches: []", &one, &one.replace("ConfigMap", "Secret"))),
            none
        );
        let versions = (
            "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: n}}",
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: n}}",
        );
        assert_eq!(
            rules(&both("patches: []", versions.0, versions.1)),
            ["own-object-alias"]
        );
        // What the hub itself has is elsewhere, and so is what another hub carries.
        let hub = format!("//- apps/c/x/overlays/hub/c.yaml\n{other}\n");
        let text = set("a", "SelectorSyncSet", &selected(MANAGED), &[&one]);
        assert_eq!(rules(&(text + &hub)), none);
        let apart = two(MANAGED, MANAGED).replacen("overlays/hub", "overlays/hub2", 1);
        assert_eq!(rules(&apart), none);
        let twice = set("a", "SelectorSyncSet", &selected(MANAGED), &[&one, &other]);
        assert_eq!(rules(&twice), ["own-object-repeated"]);
    }

    #[test]
    fn named_clusters() {
        let none: [String; 0] = [];
        let refs = |names: &str| format!("clusterDeploymentRefs: [{names}]");
        let named = |a: &str, b: &str| {
            set("a", "SyncSet", &refs(a), &[&map("n", "x")])
                + &set("b", "SyncSet", &refs(b), &[&map("n", "z")])
        };
        let pair = named("{name: one}, {name: two}", "{name: two}");
        assert_eq!(rules(&pair), ["own-object-conflict"]);
        assert_eq!(
            rules(&pair.replacen("namespace: fleet", "namespace: other", 1)),
            none
        );
        assert_eq!(rules(&named("{name: one}", "{name: two}")), none);
        assert_eq!(rules(&named("", "{name: two}")), none);
        let mixed = set("a", "SyncSet", &refs("{name: one}"), &[&map("n", "x")])
            + &set("b", "SelectorSyncSet", &selected(MANAGED), &[&map("n", "z")]);
        assert_eq!(rules(&mixed), ["own-object-conflict?"]);
        let with = |labels: &str| rules(&(mixed.clone() + &deployment("one", labels)));
        assert_eq!(with("{managed: 'true'}"), ["own-object-conflict"]);
        assert_eq!(with("{managed: 'false'}"), none);
    }

    #[test]
    fn three_and_more() {
        let of = |selectors: &[&str]| {
            let sets = selectors.iter().zip(["a", "b", "c", "d"]);
            let sets = sets.map(|(selector, team)| {
                set(team, "SelectorSyncSet", &selected(selector), &[&map("n", team)])
            });
            sets.collect::<String>()
        };
        let found = run("own-object-conflict", &of(&[MANAGED, MANAGED, MANAGED]));
        assert!(
            found.contains("a, b and c all deploy ConfigMap n/x in clusters that all 3 SyncSets select"),
            "{found}"
        );
        assert_eq!(found.matches("error[").count(), 1, "{found}");
        // The first and the last select nothing together.
        let (eu, us) = ("{matchLabels: {r: eu}}", "{matchLabels: {r: us}}");
        assert_eq!(rules(&of(&[eu, "{}", us])), ["own-object-conflict"; 2]);
        // Equal ones in the middle of others.
        assert_eq!(
            rules(&of(&[eu, us, us, "{matchLabels: {r: as}}"])),
            ["own-object-conflict"]
        );
        let many: String = (0..200)
            .map(|number| {
                let selector = format!(
                    "{{matchLabels: {{id: '{}'}}}}",
                    number / 2 + number % 2 * 100 * (number / 2 % 2)
                );
                set(
                    &format!("t{number}"),
                    "SelectorSyncSet",
                    &selected(&selector),
                    &[&map("n", "x")],
                )
            })
            .collect();
        assert_eq!(rules(&many).len(), 50);
    }
}

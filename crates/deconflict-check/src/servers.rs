//! Each object as the API server of its cluster sees it: by the cluster's version and the definitions placed there.

use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Facts, Placed};
use deconflict_kube::{Definition, Definitions, KubernetesVersion, Memo};
use deconflict_rules::{Check, ServerContext, Sink, judge_object, rule_of};
use deconflict_yaml::Node;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::instance::{Instance, Seen};
use crate::judge::{Judge, place};
use crate::select;
use crate::world::root_of;

/// The API server of one cluster, or of one root that nothing places.
pub(crate) struct Server {
    pub(crate) kubernetes: KubernetesVersion,
    pub(crate) definitions: Definitions,
}

/// Findings, and what could not be told.
type Answer = (Vec<deconflict_findings::Finding>, Vec<String>);

/// What a verdict depends on: the body, the version, and the definitions of its kind.
type Question = (*const Node, u16, Vec<*const Definition>);

/// Definitions by their body, so that one that many clusters have is read once.
pub(crate) type Compiled = FxHashMap<*const Node, Option<Arc<Definition>>>;

impl Judge<'_> {
    /// What API servers refuse. A body is judged once per version and definitions, however many roots share it, and
    /// what several bodies share is looked at once.
    pub(crate) fn servers(&self) -> Vec<Instance> {
        let runs = |meta| select::runs(meta, &self.input.config, self.options);
        let any = deconflict_rules::ALL
            .iter()
            .any(|rule| matches!(rule.check, Check::Server) && runs(&rule.meta));
        if !any {
            return Vec::new();
        }
        let mut compiled = FxHashMap::default();
        let servers: Vec<(&ClusterIndex<'_>, bool, Server)> = self
            .each_cluster()
            .map(|(index, kept)| (index, kept, self.server(index, &mut compiled)))
            .collect();
        let mut known: FxHashMap<Question, usize> = FxHashMap::default();
        let mut questions: Vec<(&Facts, &Server)> = Vec::new();
        let mut asked: Vec<(&Placed<'_>, bool, usize)> = Vec::new();
        for (index, kept, server) in &servers {
            let applied = |placed: &&Placed<'_>| index.cluster.is_some() || !is_hidden(placed);
            for placed in index.objects.iter().filter(applied) {
                let object = &placed.facts.object;
                let definitions = server.definitions.of(&object.key.group, &object.key.kind);
                let definitions = definitions.iter().map(Arc::as_ptr).collect();
                let question = (Arc::as_ptr(&object.body), server.kubernetes.minor(), definitions);
                let number = *known.entry(question).or_insert_with(|| {
                    questions.push((placed.facts, server));
                    questions.len() - 1
                });
                asked.push((placed, *kept, number));
            }
        }
        let memo = Memo::new();
        let answers: Vec<Answer> = questions
            .par_iter()
            .map(|(facts, server)| self.verdict(facts, server, &memo))
            .collect();
        let mut instances = Vec::new();
        for (placed, kept, number) in asked {
            let (findings, left) = &answers[number];
            if !left.is_empty() {
                self.unchecked.note(&root_of(placed.placement), left);
            }
            for finding in findings {
                let Some(rule) = rule_of(finding.rule).filter(|rule| runs(&rule.meta)) else {
                    continue;
                };
                let mut finding = finding.clone();
                let reference = placed.reference();
                let seen = vec![Seen {
                    cluster: reference.cluster.clone(),
                    root: root_of(placed.placement),
                }];
                place(&mut finding, reference);
                instances.push(Instance {
                    finding,
                    meta: &rule.meta,
                    seen,
                    kept,
                });
            }
        }
        instances
    }

    pub(crate) fn server(&self, index: &ClusterIndex<'_>, compiled: &mut Compiled) -> Server {
        let version = index
            .cluster
            .map_or(&self.input.config.kubernetes, |cluster| &cluster.kubernetes);
        let mut definitions = Definitions::new();
        for placed in &index.objects {
            let object = &placed.facts.object;
            if object.key.is("apiextensions.k8s.io", "CustomResourceDefinition") {
                let known = compiled
                    .entry(Arc::as_ptr(&object.body))
                    .or_insert_with(|| Definition::from_object(&object.body).map(Arc::new));
                definitions.extend(known.iter().map(Arc::clone));
            }
        }
        Server {
            kubernetes: version.parse().unwrap_or_default(),
            definitions,
        }
    }

    fn verdict(&self, facts: &Facts, server: &Server, memo: &Memo) -> Answer {
        // Values of an encrypted object are not what will be applied.
        if facts.object.body.at_path(&["sops", "mac"]).is_some() {
            return Answer::default();
        }
        let context = ServerContext {
            object: &facts.object,
            kubernetes: server.kubernetes,
            definitions: &server.definitions,
            memo,
            config: &self.input.config,
            files: self.input.library.files(),
        };
        let lost = || {
            format!(
                "the API server's checks on {}: their findings are lost",
                facts.object.key
            )
        };
        let found = self.losses.guard(lost, || {
            let mut sink = Sink::new();
            judge_object(&context, &mut sink);
            let left = sink.take_left();
            (sink.into_findings(), left)
        });
        found.unwrap_or_default()
    }
}

/// True below a directory whose name starts with a dot. What nobody places there is input of tools and tests (chainsaw
/// puts expressions and parts of objects into `.chainsaw-test`), not something that is applied.
fn is_hidden(placed: &Placed<'_>) -> bool {
    let root = placed.placement.root.as_ref();
    root.is_some_and(|root| root.parts().any(|part| part.starts_with('.')))
}

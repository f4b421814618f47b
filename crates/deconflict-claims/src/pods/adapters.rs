//! Pods of custom resources: what Knative, CloudNativePG and Strimzi make of theirs.

use std::sync::Arc;

use deconflict_kube::{Object, int_of, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::Spot;

use super::container::amounts;
use super::count::{self, Count, natural};
use super::template::ClaimTemplate;
use super::{Container, Controller, Resources, Template};

/// The pods of a custom resource that is known here.
pub(crate) fn adapted(object: &Object) -> Vec<Template> {
    let body = &object.body;
    let Some(spec) = body.get("spec") else {
        return Vec::new();
    };
    let name = object.key.name.as_str();
    match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("serving.knative.dev", "Service") => knative(spec, name).into_iter().collect(),
        ("postgresql.cnpg.io", "Cluster") => vec![cnpg(spec, name)],
        ("kafka.strimzi.io", "Kafka") => kafka(spec, name),
        ("kafka.strimzi.io", "KafkaNodePool") => {
            let cluster = text_at(body, &["metadata", "labels", "strimzi.io/cluster"]).unwrap_or_default();
            let mut template = strimzi(spec, spec, cluster, "", "kafka", 1);
            template.labels.set("strimzi.io/pool-name", name);
            vec![template]
        }
        ("kafka.strimzi.io", "KafkaConnect" | "KafkaMirrorMaker2") => {
            vec![strimzi(spec, spec, name, "", "connect", 3)]
        }
        ("kafka.strimzi.io", "KafkaBridge") => vec![strimzi(spec, spec, name, "", "bridge", 1)],
        _ => Vec::new(),
    }
}

/// A Knative Service: pods between the bounds of its annotations (knative.dev, scale bounds), with the queue proxy that
/// Knative adds (it asks for 25m CPU unless an annotation or the installation says otherwise).
fn knative(spec: &Arc<Node>, name: &str) -> Option<Template> {
    let mut template = Template::of(Controller::Operator, spec.get("template")?)?;
    template.labels.set("serving.knative.dev/service", name);
    let bound = |names: [&str; 2]| {
        let annotations = spec.at_path(&["template", "metadata", "annotations"])?;
        let node = names.iter().find_map(|name| annotations.at_path(&[name]))?;
        Some((node.text()?.parse::<u64>().ok()?, Spot::of(node)))
    };
    let min = bound([
        "autoscaling.knative.dev/min-scale",
        "autoscaling.knative.dev/minScale",
    ]);
    let max = bound([
        "autoscaling.knative.dev/max-scale",
        "autoscaling.knative.dev/maxScale",
    ]);
    // Zero stands for no bound.
    let max = max.filter(|(count, _)| *count > 0);
    template.count = Count::Between {
        min: min.as_ref().map_or(0, |(count, _)| *count),
        max: max.as_ref().map(|(count, _)| *count),
        spot: min.map(|(_, spot)| spot),
        max_spot: max.map(|(_, spot)| spot),
    };
    Some(template)
}

/// A PostgreSQL cluster: `instances` pods (default 1), one claim each.
fn cnpg(spec: &Arc<Node>, name: &str) -> Template {
    let mut template = Template::bare(Controller::Operator, Spot::of(spec));
    template.count = count::fixed(spec, &["instances"], 1);
    template.labels.set("cnpg.io/cluster", name);
    template.labels.set("cnpg.io/podRole", "instance");
    template.containers.push(operated("postgres", spec, spec));
    template.claim_templates = ["storage", "walStorage"]
        .iter()
        .filter_map(|field| Some((*field, spec.at_path(&[field])?)))
        .map(|(field, node)| storage(field, node))
        .collect();
    template
}

/// A Kafka resource without node pools: brokers, ZooKeeper and the entity operator.
fn kafka(spec: &Arc<Node>, name: &str) -> Vec<Template> {
    let mut found = Vec::new();
    for (field, part) in [("kafka", "kafka"), ("zookeeper", "zookeeper")] {
        // With node pools the replicas stand there.
        if let Some(node) = spec.get(field).filter(|node| node.get("replicas").is_some()) {
            found.push(strimzi(node, node, name, part, part, 0));
        }
    }
    if let Some(node) = spec.get("entityOperator") {
        let mut template = strimzi(node, node, name, "entity-operator", "entity-operator", 1);
        template.count = Count::Fixed { pods: 1, spot: None };
        template.containers = ["topicOperator", "userOperator"]
            .iter()
            .filter_map(|field| Some((*field, node.get(field)?)))
            .map(|(field, node)| {
                operated(
                    if field == "topicOperator" {
                        "topic-operator"
                    } else {
                        "user-operator"
                    },
                    node,
                    node,
                )
            })
            .collect();
        found.push(template);
    }
    found
}

fn strimzi(
    spec: &Node,
    resources: &Node,
    cluster: &str,
    part: &str,
    container: &str,
    replicas: u64,
) -> Template {
    let mut template = Template::bare(Controller::Operator, Spot::of(spec));
    template.part = part.into();
    template.count = count::fixed(spec, &["replicas"], replicas);
    template.labels.set("strimzi.io/cluster", cluster);
    template.labels.set("app.kubernetes.io/name", container);
    template.containers.push(operated(container, spec, resources));
    template.claim_templates = claims(spec);
    template
}

/// Storage of Strimzi: one persistent claim, or several under `jbod`.
fn claims(spec: &Node) -> Vec<ClaimTemplate> {
    let Some(node) = spec.at_path(&["storage"]) else {
        return Vec::new();
    };
    match text_at(node, &["type"]) {
        Some("persistent-claim") => vec![storage("data", node)],
        Some("jbod") => items_at(node, &["volumes"])
            .filter(|volume| text_at(volume, &["type"]) == Some("persistent-claim"))
            .map(|volume| {
                let id = volume.at_path(&["id"]).and_then(int_of).map_or(0, natural);
                storage(&format!("data-{id}"), volume)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// `size` and the storage class, under either name (`storageClass` of CloudNativePG, `class` of Strimzi).
fn storage(name: &str, node: &Node) -> ClaimTemplate {
    let class = text_at(node, &["storageClass"]).or_else(|| text_at(node, &["class"]));
    ClaimTemplate {
        name: name.into(),
        class: class.map(SmolStr::from),
        storage: amounts(Some(node)).remove("size"),
    }
}

fn operated(name: &str, declared: &Node, resources: &Node) -> Container {
    let resources = resources.at_path(&["resources"]);
    let spot = resources.map_or_else(|| Spot::of(declared), Spot::of);
    Container::added(name, &spot, Resources::of(resources))
}

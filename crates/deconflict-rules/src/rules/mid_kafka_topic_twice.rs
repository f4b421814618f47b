use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_kube::text_at;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two KafkaTopic objects of Strimzi in one namespace that resolve to the same topic (`spec.topicName`, else the
    /// name) of the same Kafka cluster.
    ///
    /// ## Why it matters
    /// The topic operator lets the older one win; the other gets the condition ResourceConflict, and its partitions and
    /// retention never apply.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/events/overlays/prod/topic.yaml
    /// apiVersion: kafka.strimzi.io/v1beta2
    /// kind: KafkaTopic
    /// metadata:
    ///   name: orders
    ///   namespace: kafka
    ///   labels:
    ///     strimzi.io/cluster: main
    /// spec:
    ///   partitions: 3
    /// # apps/billing/events/overlays/prod/topic.yaml
    /// apiVersion: kafka.strimzi.io/v1beta2
    /// kind: KafkaTopic
    /// metadata:
    ///   name: billing-orders
    ///   namespace: kafka
    ///   labels:
    ///     strimzi.io/cluster: main
    /// spec:
    ///   topicName: orders
    ///   partitions: 12
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/events/overlays/prod/topic.yaml
    /// apiVersion: kafka.strimzi.io/v1beta2
    /// kind: KafkaTopic
    /// metadata:
    ///   name: orders
    ///   namespace: kafka
    ///   labels:
    ///     strimzi.io/cluster: main
    /// spec:
    ///   partitions: 3
    /// # apps/billing/events/overlays/prod/topic.yaml
    /// apiVersion: kafka.strimzi.io/v1beta2
    /// kind: KafkaTopic
    /// metadata:
    ///   name: billing-orders
    ///   namespace: kafka
    ///   labels:
    ///     strimzi.io/cluster: main
    /// spec:
    ///   topicName: billing-orders
    ///   partitions: 12
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A topic operator that watches another namespace than its own is not known, so topics of two namespaces are never
    /// compared.
    "mid-kafka-topic-twice", "two KafkaTopics stand for one topic",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// An object and where it says what it declares.
type Declared<'p> = (&'p Placed<'p>, Spot);

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut topics: BTreeMap<(&str, &str, &str), Vec<Declared<'_>>> = BTreeMap::new();
    for placed in context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("kafka.strimzi.io", "KafkaTopic"))
    {
        let body = &placed.facts.object.body;
        let Some(cluster) = text_at(body, &["metadata", "labels", "strimzi.io/cluster"]) else {
            continue;
        };
        let node = body
            .at_path(&["spec", "topicName"])
            .filter(|node| node.text().is_some_and(|text| !text.is_empty()));
        let Some(node) = node.or_else(|| body.at_path(&["metadata", "name"])) else {
            continue;
        };
        let key = (
            placed.namespace.as_deref().unwrap_or_default(),
            cluster,
            node.text().unwrap_or_default(),
        );
        topics.entry(key).or_default().push((placed, Spot::of(node)));
    }
    for ((namespace, cluster, topic), found) in topics.into_iter().filter(|(_, found)| found.len() > 1) {
        let collision = Collision::new(
            context.files,
            found.into_iter().map(|(placed, spot)| Side::new(placed, spot)),
        );
        let message = format!(
            "{} {} declare topic {topic} of Kafka {namespace}/{cluster}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{namespace}/{cluster}/{topic}"));
        finding
            .notes
            .push("the younger one gets the condition ResourceConflict and never applies".to_owned());
        finding.help = Some("keep one, or give the other its own `topicName`".to_owned());
        sink.report(finding);
    }
}

use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_findings::Label;
use deconflict_kube::{items_at, text_at};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Database objects of CloudNativePG with the same cluster and database name, and roles that one Cluster
    /// declares twice under `managed.roles`.
    ///
    /// ## Why it matters
    /// The operator reconciles both against one database: owner, extensions and reclaim policy go back and forth, and
    /// deleting one may drop the database of the other.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// external:
    ///   - {kind: CustomResourceDefinition, name: databases.postgresql.cnpg.io}
    /// # apps/orders/db/overlays/prod/database.yaml
    /// apiVersion: postgresql.cnpg.io/v1
    /// kind: Database
    /// metadata:
    ///   name: orders
    ///   namespace: data
    /// spec:
    ///   name: orders
    ///   owner: orders
    ///   cluster:
    ///     name: main
    /// # apps/billing/db/overlays/prod/database.yaml
    /// apiVersion: postgresql.cnpg.io/v1
    /// kind: Database
    /// metadata:
    ///   name: billing
    ///   namespace: data
    /// spec:
    ///   name: orders
    ///   owner: billing
    ///   cluster:
    ///     name: main
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// external:
    ///   - {kind: CustomResourceDefinition, name: databases.postgresql.cnpg.io}
    /// # apps/orders/db/overlays/prod/database.yaml
    /// apiVersion: postgresql.cnpg.io/v1
    /// kind: Database
    /// metadata:
    ///   name: orders
    ///   namespace: data
    /// spec:
    ///   name: orders
    ///   owner: orders
    ///   cluster:
    ///     name: main
    /// # apps/billing/db/overlays/prod/database.yaml
    /// apiVersion: postgresql.cnpg.io/v1
    /// kind: Database
    /// metadata:
    ///   name: billing
    ///   namespace: data
    /// spec:
    ///   name: billing
    ///   owner: billing
    ///   cluster:
    ///     name: main
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A database that `bootstrap.initdb` of the Cluster makes is not compared: a Database object may describe it.
    "mid-cnpg-database-twice", "two Database objects, or two managed roles, stand for one in a PostgreSQL cluster",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// An object and where it says what it declares.
type Declared<'p> = (&'p Placed<'p>, Spot);

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut databases: BTreeMap<(&str, &str, &str), Vec<Declared<'_>>> = BTreeMap::new();
    for placed in context.index.live() {
        let key = &placed.facts.object.key;
        let body = &placed.facts.object.body;
        if key.is("postgresql.cnpg.io", "Cluster") {
            roles(context, sink, placed);
        }
        if !key.is("postgresql.cnpg.io", "Database") || text_at(body, &["spec", "ensure"]) == Some("absent") {
            continue;
        }
        let (Some(name), Some(cluster)) = (
            body.at_path(&["spec", "name"]),
            text_at(body, &["spec", "cluster", "name"]),
        ) else {
            continue;
        };
        let key = (
            placed.namespace.as_deref().unwrap_or_default(),
            cluster,
            name.text().unwrap_or_default(),
        );
        databases.entry(key).or_default().push((placed, Spot::of(name)));
    }
    for ((namespace, cluster, name), found) in databases.into_iter().filter(|(_, found)| found.len() > 1) {
        let collision = Collision::new(
            context.files,
            found.into_iter().map(|(placed, spot)| Side::new(placed, spot)),
        );
        let message = format!(
            "{} {} declare database {name} of PostgreSQL cluster {namespace}/{cluster}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{namespace}/{cluster}/{name}"));
        finding
            .notes
            .push("the operator reconciles both against one database, in turn".to_owned());
        finding.help = Some("keep one of them".to_owned());
        sink.report(finding);
    }
}

fn roles(context: &ClusterContext<'_>, sink: &mut Sink, placed: &Placed<'_>) {
    let mut known: BTreeMap<&str, Spot> = BTreeMap::new();
    for role in items_at(&placed.facts.object.body, &["spec", "managed", "roles"]) {
        let Some(node) = role.at_path(&["name"]) else {
            continue;
        };
        let Some(name) = node.text() else { continue };
        let Some(first) = known.get(name) else {
            known.insert(name, Spot::of(node));
            continue;
        };
        let message = format!(
            "{} declares the role {name} twice{}",
            placed.title(),
            in_cluster(context.index)
        );
        let sides = [Side::new(placed, Spot::of(node)).labelled(format!("role {name} again"))];
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        finding.related.push(Label::new(first.at, "declared here first"));
        finding.key = Some(format!("role {name}"));
        finding
            .notes
            .push("which of the two applies is not defined".to_owned());
        finding.help = Some("keep one of them".to_owned());
        sink.report(finding);
    }
}

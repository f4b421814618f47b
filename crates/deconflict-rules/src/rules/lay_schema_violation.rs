use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_config::SchemaConfig;
use deconflict_files::RepoPath;
use deconflict_findings::{Finding, Label};
use deconflict_jsonschema::{Fault, Schema};
use deconflict_kube::ObjectKey;
use deconflict_yaml::{Dialect, Node};
use rustc_hash::FxHashMap;

use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Holds files and rendered objects against the JSON schemas that `schemas` of the configuration gives them: CI
    /// pipelines, values files, kinds without a definition in the repository. All drafts are known; `$schema` says which one, else it is
    /// 2020-12. It also reports a schema that cannot be used, at its line in the configuration.
    ///
    /// ## Why it matters
    /// What reads these files refuses them at run time, or takes the default for a field it does not find, and nobody sees
    /// that in the review.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// schemas:
    ///   - {schema: schemas/pipeline.yaml, files: ["ci/*.yaml"]}
    /// # schemas/pipeline.yaml
    /// type: object
    /// required: [stages]
    /// additionalProperties: false
    /// properties:
    ///   stages: {type: array, items: {type: string}}
    ///   timeout: {type: integer}
    /// # ci/build.yaml
    /// stages: [test, build]
    /// timeout: 5m
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// schemas:
    ///   - {schema: schemas/pipeline.yaml, files: ["ci/*.yaml"]}
    /// # schemas/pipeline.yaml
    /// type: object
    /// required: [stages]
    /// additionalProperties: false
    /// properties:
    ///   stages: {type: array, items: {type: string}}
    ///   timeout: {type: integer}
    /// # ci/build.yaml
    /// stages: [test, build]
    /// timeout: 300
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Options
    /// None; `schemas` of the configuration says what is checked.
    ///
    /// ## Known limits
    /// A `$ref` is followed within the repository only, nothing is fetched. `format` is checked as its draft says: an
    /// annotation from 2019-09 on. At most 50 faults of one document are told.
    "lay-schema-violation", "a file or object does not fit the JSON schema that the configuration gives it",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    if context.config.schemas.is_empty() {
        return;
    }
    let all = context.library.snapshot().files();
    for entry in &context.config.schemas {
        let Some(path) = context.config.top.join(entry.schema.as_str()) else {
            continue;
        };
        match Schema::compile(&path, &|path| load(context, path)) {
            Ok(schema) => {
                files(context, sink, entry, &schema, &all);
                objects(context, sink, entry, &schema);
            }
            Err(why) => {
                let mut finding = Finding::new(
                    RULE.meta.id,
                    RULE.meta.severity,
                    format!("a schema is of no use: {why}"),
                    entry.at,
                );
                finding.primary = Label::new(entry.at, "given here");
                finding.key = Some(path.display().to_owned());
                sink.report(finding);
            }
        }
    }
}

fn load(context: &FleetContext<'_>, path: &RepoPath) -> Option<Arc<Node>> {
    let loaded = context.library.load(path).ok()?;
    let parsed = loaded.parsed();
    let whole = parsed.problems.iter().all(|problem| !problem.kind.is_fatal());
    parsed.documents.first().filter(|_| whole)?.root.clone()
}

fn files(
    context: &FleetContext<'_>,
    sink: &mut Sink,
    entry: &SchemaConfig,
    schema: &Schema,
    all: &[RepoPath],
) {
    if entry.files.is_empty() {
        return;
    }
    for path in all {
        let Some(below) = path.below(&context.config.top) else {
            continue;
        };
        let wanted = entry.files.iter().any(|glob| glob.covers(&below));
        let is_text = matches!(path.extension(), Some("yaml" | "yml" | "json"));
        if !wanted || !is_text || context.config.is_excluded(path) {
            continue;
        }
        let Ok(loaded) = context.library.load(path) else {
            continue;
        };
        for root in loaded
            .parsed()
            .documents
            .iter()
            .filter_map(|document| document.root.as_ref())
        {
            for fault in schema.check(root, Dialect::Resource) {
                let finding = finding(&fault, path.display(), path.display(), entry);
                sink.report(finding);
            }
        }
    }
}

fn objects(context: &FleetContext<'_>, sink: &mut Sink, entry: &SchemaConfig, schema: &Schema) {
    if entry.kinds.is_empty() {
        return;
    }
    let mut judged: FxHashMap<*const Node, Vec<Fault>> = FxHashMap::default();
    // One finding a fault and object, with every place that it is seen in.
    let mut found: BTreeMap<(String, usize, String), Finding> = BTreeMap::new();
    for placed in context.clusters.iter().flat_map(|index| &index.objects) {
        let object = &placed.facts.object;
        let encrypted = object.body.at_path(&["sops", "mac"]).is_some();
        if encrypted || !is_wanted(entry, &object.key) {
            continue;
        }
        let faults = judged
            .entry(Arc::as_ptr(&object.body))
            .or_insert_with(|| schema.check(&object.body, Dialect::Kubernetes));
        for (number, fault) in faults.iter().enumerate() {
            let name = object.key.to_string();
            let made = found
                .entry((name.clone(), number, fault.message.clone()))
                .or_insert_with(|| finding(fault, &name, &name, entry));
            made.objects.push(placed.reference());
        }
    }
    for finding in found.into_values() {
        sink.report(finding);
    }
}

fn is_wanted(entry: &SchemaConfig, key: &ObjectKey) -> bool {
    entry.kinds.iter().any(|wanted| match wanted.rsplit_once('/') {
        Some((group, kind)) => key.group == group && key.kind == kind,
        None => key.kind == *wanted,
    })
}

fn finding(fault: &Fault, whose: &str, key: &str, entry: &SchemaConfig) -> Finding {
    let message = format!("{whose}: {}", fault.message);
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, fault.at);
    finding.key = Some(format!("{key} {}", fault.message));
    finding.field = (!fault.path.is_empty()).then(|| fault.path.clone());
    finding.help = fault.help.clone();
    finding.notes.push(format!("the schema is {}", entry.schema));
    finding
}

//! Where secret values stand, so that no report shows them.

use std::sync::Arc;

use deconflict_config::Config;
use deconflict_findings::Secrets;
use deconflict_yaml::{Library, Node};

use crate::build::Deployed;

/// Places of the values of Secrets, rendered or as written, and of the fields that the configuration names.
pub(crate) fn secrets(deployed: &Deployed, library: &Library, config: &Config) -> Secrets {
    let mut secrets = Secrets::new();
    let fields: Vec<Vec<&str>> = config
        .secret_fields
        .iter()
        .map(|field| field.split('.').collect())
        .collect();
    for built in &deployed.roots {
        for facts in &built.footprint.objects {
            object(&facts.object.body, &fields, &mut secrets);
        }
    }
    // A base's value that a patch replaces is in no rendered object.
    for path in &deployed.placements.manifests {
        let Ok(loaded) = library.load(path) else { continue };
        for document in &loaded.parsed().documents {
            if let Some(root) = &document.root {
                object(root, &fields, &mut secrets);
            }
        }
    }
    secrets
}

fn object(body: &Arc<Node>, fields: &[Vec<&str>], secrets: &mut Secrets) {
    let kind = body.get("kind").and_then(|kind| kind.text()).unwrap_or_default();
    if kind == "Secret" {
        for name in ["data", "stringData"] {
            if let Some(values) = body.get(name) {
                for field in values.fields() {
                    add(&field.value, secrets);
                }
            }
        }
    }
    // What Hive's SyncSets carry.
    if kind.ends_with("SyncSet")
        && let Some(carried) = body.at_path(&["spec", "resources"])
    {
        for carried in carried.items() {
            object(carried, fields, secrets);
        }
    }
    for field in fields {
        if let Some((first, rest)) = field.split_first()
            && (*first == "*" || *first == kind)
        {
            walk(body, rest, secrets);
        }
    }
}

/// Add what stands at `path` below `node`: `*` is any key, and lists are looked through.
fn walk(node: &Node, path: &[&str], secrets: &mut Secrets) {
    for item in node.items() {
        walk(item, path, secrets);
    }
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    for field in node.fields() {
        if *first == "*" || *first == field.name() {
            if rest.is_empty() {
                add(&field.value, secrets);
            } else {
                walk(&field.value, rest, secrets);
            }
        }
    }
}

fn add(value: &Node, secrets: &mut Secrets) {
    secrets.add(value.at);
    for step in value.via.iter().flat_map(deconflict_files::Step::chain) {
        if step.action == deconflict_files::Action::Patched {
            secrets.add(step.at);
        }
    }
    for field in value.fields() {
        add(&field.value, secrets);
    }
    for item in value.items() {
        add(item, secrets);
    }
}

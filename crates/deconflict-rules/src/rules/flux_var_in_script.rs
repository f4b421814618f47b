use deconflict_claims::pod_spec_path;
use deconflict_findings::{Edit, Fix, Label, Safety};
use deconflict_kube::{Object, items_at, text_at};
use deconflict_yaml::Node;
use rustc_hash::FxHashSet;

use crate::engine::about;
use crate::script::Use;
use crate::{ObjectContext, Sink, rule, script};

rule! {
    /// ## What it does
    /// Finds `${name}` in scripts that a Flux Kustomization with `postBuild` deploys, where the script sets the variable itself,
    /// or the container does with `env`: in a ConfigMap's `*.sh` or text that starts with `#!`, and in `command` and `args`.
    ///
    /// ## Why it matters
    /// Flux replaces variables in all of the text that it applies, whoever they are meant for. The shell gets a script without
    /// them: `[ "${active}" -gt 10 ]` becomes `[ "" -gt 10 ]`. In one public repository such a script stopped pruning, and a
    /// volume filled up.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: media
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./apps/media
    ///   postBuild:
    ///     substitute:
    ///       region: eu-west-1
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # apps/media/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: prune
    ///   namespace: media
    /// data:
    ///   prune.sh: |
    ///     limit=20
    ///     rm $(ls -t | tail -n +${limit:-10})
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: media
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./apps/media
    ///   postBuild:
    ///     substitute:
    ///       region: eu-west-1
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # apps/media/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: prune
    ///   namespace: media
    /// data:
    ///   prune.sh: |
    ///     limit=20
    ///     rm $(ls -t | tail -n +$${limit:-10})
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A variable without default that no source has, where all sources are known, is left to `flux-var-undefined`. Of scripts
    /// only the shell's way to set a variable is understood, and `name=${name}` is taken for the way to hand one of Flux's
    /// variables in.
    "flux-var-in-script", "Flux replaces a variable that a script sets itself",
    severity: Warning,
    joins: false,
    check: Object(check),
}

/// A text that a shell runs, and the variables that are set for it from outside.
struct Script<'n> {
    node: &'n Node,
    given: FxHashSet<&'n str>,
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(substitution) = &context.root.build.substitution else {
        return;
    };
    let object = context.object;
    if !substitution.reads(&object.body) {
        return;
    }
    for Script { node, given } in scripts(object) {
        let file = context.files.get(node.at.file);
        // What Flux read, not what it made of it.
        let written = file.text.get(node.at.span.range()).unwrap_or_default();
        if !written.contains("${") {
            continue;
        }
        let set = script::assigned(written);
        let mut told = FxHashSet::default();
        for usage in script::uses(written) {
            let is_own = set.contains(usage.name) || given.contains(usage.name);
            let is_replaced = usage.has_default || substitution.open || substitution.knows(usage.name);
            if !is_own || !is_replaced || !told.insert(usage.name) {
                continue;
            }
            let name = usage.name;
            let message = format!(
                "Flux replaces `${{{name}}}` in {} {}, which is a variable of the script",
                object.key.kind, object.key.name
            );
            let mut finding = about(&RULE, object, message, usage.origin(node.at));
            finding.key = Some(name.to_owned());
            let all: Vec<Use<'_>> = script::uses(written).filter(|other| other.name == name).collect();
            let others = all.iter().filter(|other| other.at != usage.at);
            finding.related = others
                .map(|other| Label::new(other.origin(node.at), "and here"))
                .collect();
            let escape = |usage: &Use<'_>| Edit {
                at: Use { length: 0, ..*usage }.origin(node.at),
                with: "$".to_owned(),
            };
            finding.notes.push(
                match (substitution.knows(name), usage.has_default) {
                    (true, _) => "the shell reads the value that `postBuild` gives it instead",
                    (false, true) => "the shell reads the default instead, whatever the script sets",
                    (false, false) => {
                        "a source of `substituteFrom` that is not in the repository gives it a value, or the Kustomization fails"
                    }
                }
                .to_owned(),
            );
            finding.help = Some(format!("write `$${{{name}}}`, of which Flux makes `${{{name}}}`"));
            finding.fix = Some(Fix {
                title: format!("escape `${{{name}}}`"),
                safety: Safety::Unsafe,
                edits: all.iter().map(escape).collect(),
            });
            sink.report(finding);
        }
    }
}

/// The scripts of a ConfigMap or of the containers of a workload.
fn scripts(object: &Object) -> Vec<Script<'_>> {
    let body = &object.body;
    if object.key.is("", "ConfigMap") {
        let fields = body.get("data").map(|data| data.fields()).unwrap_or_default();
        let is_script = |name: &str, text: &str| {
            let first = text.lines().next().unwrap_or_default();
            matches!(name.rsplit_once('.'), Some((_, "sh" | "bash")))
                || (first.starts_with("#!") && first.trim_end().ends_with("sh"))
        };
        return fields
            .iter()
            .filter(|field| {
                field
                    .value
                    .text()
                    .is_some_and(|text| is_script(field.name(), text))
            })
            .map(|field| Script {
                node: &field.value,
                given: FxHashSet::default(),
            })
            .collect();
    }
    let path = pod_spec_path(&object.key.group, &object.key.kind);
    let Some(spec) = path.and_then(|path| body.at_path(path)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for container in ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| items_at(spec, &[list]))
    {
        let given: FxHashSet<&str> = items_at(container, &["env"])
            .filter_map(|entry| text_at(entry, &["name"]))
            .collect();
        let words = ["command", "args"]
            .into_iter()
            .flat_map(|list| items_at(container, &[list]));
        found.extend(words.filter(|word| word.text().is_some()).map(|node| Script {
            node,
            given: given.clone(),
        }));
    }
    found
}

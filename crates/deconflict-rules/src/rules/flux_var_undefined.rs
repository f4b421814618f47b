use deconflict_files::{Action, Origin, Step};
use deconflict_placement::Substitution;
use deconflict_yaml::{Kind, Node};
use smol_str::SmolStr;

use crate::engine::about;
use crate::{ObjectContext, Sink, rule, script};

rule! {
    /// ## What it does
    /// Finds `${name}` without a default in what a Flux Kustomization with `postBuild` deploys, where neither `substitute` nor a
    /// source of `substituteFrom` sets the variable.
    ///
    /// ## Why it matters
    /// Since kustomize-controller 1.9 the Kustomization fails and nothing of it is applied; before, the variable became an empty
    /// text without a word.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./infrastructure/web
    ///   postBuild:
    ///     substitute:
    ///       region: eu-west-1
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// data:
    ///   host: ${name}.${region}.example.org
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
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./infrastructure/web
    ///   postBuild:
    ///     substitute:
    ///       region: eu-west-1
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// data:
    ///   host: ${name:=web}.${region}.example.org
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
    /// Nothing is said where a ConfigMap or Secret of `substituteFrom` is not in the tree, since it may set the variable, and
    /// nothing about variables in the keys of maps. Flux substitutes only if a variable is known or `substituteStrategy` is `Always`;
    /// otherwise the text stays as it is.
    "flux-var-undefined", "a variable of a Flux Kustomization has no value",
    severity: Error,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(substitution) = &context.root.build.substitution else {
        return;
    };
    let mut unset = Vec::new();
    collect(&context.object.body, context, substitution, &mut unset);
    for (name, at) in unset {
        let object = context.object;
        let message = format!(
            "{} {} uses `${{{name}}}`, which no `postBuild` source of its Flux Kustomization sets",
            object.key.kind, object.key.name
        );
        let mut finding = about(&RULE, object, message, at);
        finding.key = Some(name.to_string());
        finding.notes.push(
            "kustomize-controller 1.9 and later fail the Kustomization; before, it became an empty text"
                .to_owned(),
        );
        finding.help = Some(format!(
            "set {name} in `postBuild.substitute`, give a default (`${{{name}:=…}}`), or write `$${{{name}}}` if it is no variable"
        ));
        sink.report(finding);
    }
}

/// Variables without value of every text that Flux replaced, with the place of the text.
fn collect(
    node: &Node,
    context: &ObjectContext<'_>,
    substitution: &Substitution,
    unset: &mut Vec<(SmolStr, Origin)>,
) {
    match &node.kind {
        Kind::Scalar(_) => {
            let mut steps = node.via.iter().flat_map(Step::chain);
            if steps.any(|step| step.action == Action::Substituted && step.by == "postBuild") {
                let file = context.files.get(node.at.file);
                let written = file.text.get(node.at.span.range()).unwrap_or_default();
                let names = substitution.unset(written).into_iter();
                unset.extend(names.map(|name| {
                    let usage = script::uses(written).find(|usage| usage.name == name);
                    let at = usage.map_or(node.at, |usage| usage.origin(node.at));
                    (name, at)
                }));
            }
        }
        Kind::List(items) => items
            .iter()
            .for_each(|item| collect(item, context, substitution, unset)),
        Kind::Map(fields) => fields
            .iter()
            .for_each(|field| collect(&field.value, context, substitution, unset)),
    }
}

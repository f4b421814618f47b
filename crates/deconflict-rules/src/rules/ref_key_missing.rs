use deconflict_claims::Placed;
use deconflict_claims::pods::Pod;
use deconflict_findings::Label;
use deconflict_kube::text_of;
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::config_data::{entries, is_filled};
use crate::quota::declared_object;
use crate::refs::{World, asked, each_pod};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds keys of ConfigMaps, Secrets and SealedSecrets that an environment variable or a volume's `items` names,
    /// and that the object in the tree does not have.
    ///
    /// ## Why it matters
    /// The container does not start: `CreateContainerConfigError` for a variable, `FailedMount` for a volume.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       env:
    ///         - name: MODE
    ///           valueFrom:
    ///             configMapKeyRef:
    ///               name: web-settings
    ///               key: mode
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web-settings
    ///   namespace: shop
    /// data:
    ///   MODE: fast
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       env:
    ///         - name: MODE
    ///           valueFrom:
    ///             configMapKeyRef:
    ///               name: web-settings
    ///               key: MODE
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web-settings
    ///   namespace: shop
    /// data:
    ///   MODE: fast
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace; otherwise it is information. An object without any
    /// data, or that a controller fills (a service account token, a certificate bundle that OpenShift or cert-manager
    /// injects, an ExternalSecret that merges into it), is not judged. `subPath` of a mount is not looked at. With a
    /// base, a key that the change takes away is `cfg-key-removed-in-use`, and is said only there.
    "ref-key-missing", "a pod asks for a key that its ConfigMap or Secret lacks",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_pod(context, &mut |world, pod, spec| {
        judge(context, sink, world, pod, spec);
    });
}

fn judge(context: &ClusterContext<'_>, sink: &mut Sink, world: &World<'_, '_>, pod: &Pod<'_>, spec: &Node) {
    let workload = context.index.workload(pod);
    let namespace = Some(pod.namespace.as_str());
    for asked in asked(spec) {
        let (Some(name), Some(node)) = (text_of(asked.name), asked.key) else {
            continue;
        };
        let Some(key) = text_of(node) else { continue };
        let source = context.index.find("", asked.kind, namespace, name).or_else(|| {
            let sealed = context.index.find("bitnami.com", "SealedSecret", namespace, name);
            sealed.filter(|_| asked.kind == "Secret")
        });
        let Some(source) = source.filter(|source| lacks(source, key)) else {
            continue;
        };
        if world.may_be_made(namespace, name) {
            continue;
        }
        let message = format!(
            "{} asks for key {key} of {} ({}), which has no such key{}",
            workload.title(),
            source.title(),
            asked.by,
            in_cluster(context.index)
        );
        let Some(mut finding) = world.finding(&RULE, (workload, node), ("", namespace), message) else {
            continue;
        };
        finding.key = Some(format!("{} {name} {key}", asked.kind));
        finding
            .related
            .push(Label::new(declared_object(source).at, source.title()));
        finding
            .notes
            .push("the container does not start without it".to_owned());
        finding.help = Some("correct the key, add it, or mark the reference `optional`".to_owned());
        sink.report(finding);
    }
}

/// True when the object has data, all of it is known, and the key is not there.
fn lacks(source: &Placed<'_>, key: &str) -> bool {
    let body = &source.facts.object.body;
    let entries = entries(body);
    !entries.is_empty() && !is_filled(body) && !entries.contains_key(key)
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn keys() {
        let asks = |kind: &str, optional: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
                 apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers: [{{name: c, env: [{{name: A, \
                 valueFrom: {{{kind}KeyRef: {{name: x, key: k{optional}}}}}}}]}}]}}\n---\n"
            )
        };
        let map = |rest: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, namespace: n}}\n{rest}\n")
        };
        let secret = |rest: &str| map(rest).replace("ConfigMap", "Secret");
        for (text, found) in [
            (asks("configMap", "") + &map("data: {j: v}"), true),
            (asks("configMap", "") + &map("data: {K: v}"), true),
            (asks("secret", "") + &secret("data: {j: dg==}"), true),
            (asks("secret", "") + &secret("stringData: {j: v}"), true),
            (asks("configMap", "") + &map("data: {k: v}"), false),
            (asks("configMap", "") + &map("binaryData: {k: dg==}"), false),
            (
                asks("secret", "") + &secret("data: {j: dg==}\nstringData: {k: v}"),
                false,
            ),
            (
                asks("configMap", ", optional: true") + &map("data: {j: v}"),
                false,
            ),
            // Filled at run time.
            (asks("configMap", "") + &map(""), false),
            (
                asks("secret", "") + &secret("type: kubernetes.io/service-account-token\ndata: {j: dg==}"),
                false,
            ),
            (
                asks("configMap", "")
                    + &map("data: {j: v}").replace(
                        "namespace: n}",
                        "namespace: n, annotations: {service.beta.openshift.io/inject-cabundle: 'true'}}",
                    ),
                false,
            ),
            (
                asks("secret", "")
                    + &secret("data: {j: dg==}")
                    + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, namespace: n}\nspec: {target: {name: x, creationPolicy: Merge}}\n",
                false,
            ),
            (asks("configMap", ""), false),
        ] {
            let got = run("ref-key-missing", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}

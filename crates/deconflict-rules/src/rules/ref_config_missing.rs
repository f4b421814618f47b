use deconflict_claims::pods::Pod;
use deconflict_kube::text_of;
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::refs::{Target, World, asked, each_pod};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds ConfigMaps and Secrets that pods mount or take their environment from, and that nothing in the cluster's
    /// part of the tree makes: no manifest or generator, no ExternalSecret, SealedSecret, Certificate or other
    /// producer.
    ///
    /// ## Why it matters
    /// The containers wait in `CreateContainerConfigError` or `ContainerCreating`, and a rollout hangs until somebody
    /// looks.
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
    ///       envFrom:
    ///         - configMapRef:
    ///             name: web-settings
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
    ///       envFrom:
    ///         - configMapRef:
    ///             name: web-settings
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
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present. Secrets of a namespace in which the tree makes no Secret at all are
    /// taken to come from elsewhere. Image pull Secrets are not looked at: a pod starts without them.
    "ref-config-missing", "a pod asks for a ConfigMap or Secret that nobody makes",
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
    let mut told: Vec<(&str, &str)> = Vec::new();
    for asked in asked(spec) {
        let name = text_of(asked.name).unwrap_or_default();
        let target = Target {
            group: "",
            kind: asked.kind,
            namespace,
            name,
        };
        if told.contains(&(asked.kind, name)) || is_given(asked.kind, name) || world.has(target) {
            continue;
        }
        told.push((asked.kind, name));
        let message = format!(
            "{} asks for {} {}/{name} ({}), which nothing here makes{}",
            workload.title(),
            asked.kind,
            pod.namespace,
            asked.by,
            in_cluster(context.index)
        );
        let Some(mut finding) =
            world.finding(&RULE, (workload, asked.name), (asked.kind, namespace), message)
        else {
            continue;
        };
        finding.key = Some(format!("{} {name}", asked.kind));
        finding
            .notes
            .push("the container does not start without it".to_owned());
        finding.help = Some(format!(
            "correct the name, add the {0}, mark it `optional`, or list it under `external` when it is made elsewhere: \
             `{{kind: {0}, namespace: {1}, name: {name}}}`",
            asked.kind, pod.namespace
        ));
        sink.report(finding);
    }
}

/// What Kubernetes and OpenShift put into every namespace.
fn is_given(kind: &str, name: &str) -> bool {
    kind == "ConfigMap" && matches!(name, "kube-root-ca.crt" | "openshift-service-ca.crt")
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    const NAMESPACE: &str =
        "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\n";

    fn pod(spec: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers: [{{name: c}}], {spec}}}\n"
        )
    }

    fn check(text: &str, expected: &str) {
        let got = run("ref-config-missing", text);
        assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
        assert!(got.contains(expected), "{text}\n{got}");
    }

    #[test]
    fn where_it_is_asked_for() {
        for (spec, expected) in [
            ("volumes: [{name: v, configMap: {name: x}}]", "ConfigMap n/x (v)"),
            (
                "volumes: [{name: v, projected: {sources: [{configMap: {name: x}}]}}]",
                "ConfigMap n/x",
            ),
            (
                "initContainers: [{name: i, env: [{name: A, valueFrom: {configMapKeyRef: {name: x, key: k}}}]}]",
                "ConfigMap n/x (i)",
            ),
            (
                "initContainers: [{name: i, envFrom: [{configMapRef: {name: x}}]}]",
                "ConfigMap n/x",
            ),
            // Optional, given to every namespace, there.
            ("volumes: [{name: v, configMap: {name: x, optional: true}}]", ""),
            (
                "initContainers: [{name: i, envFrom: [{configMapRef: {name: x, optional: true}}]}]",
                "",
            ),
            ("volumes: [{name: v, configMap: {name: kube-root-ca.crt}}]", ""),
            ("volumes: [{name: v, configMap: {name: here}}]", ""),
            ("volumes: [{name: v, emptyDir: {}}]", ""),
        ] {
            let here = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: here, namespace: n}\n";
            check(&(NAMESPACE.to_owned() + &pod(spec) + here), expected);
        }
    }

    #[test]
    fn who_may_make_it() {
        let asks = pod("volumes: [{name: v, secret: {secretName: x}}]");
        let with = |more: &str| NAMESPACE.to_owned() + &asks + "---\n" + more;
        let other = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: n}\n";
        // The tree makes no Secrets there: they come from elsewhere.
        check(&with(""), "(possible)");
        check(&with(other), "error[");
        for maker in [
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, namespace: n}\nspec: {target: {name: x}}\n",
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: x, namespace: n}\nspec: {}\n",
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: n}\nspec: {secretName: x}\n",
            "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: d, namespace: n}\nspec: {writeConnectionSecretToRef: {name: x}}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n, annotations: {service.beta.openshift.io/serving-cert-secret-name: x}}\n",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: n}\nrules: [{resourceNames: [x], verbs: [update]}]\n",
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: n}\nspec: {template: {spec: {containers: [{name: c, args: [--secret-name=x]}]}}}\n",
        ] {
            check(&(with(other) + "---\n" + maker), "");
        }
        // A permission to read makes nothing.
        let reader = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: n}\nrules: [{resourceNames: [x], verbs: [get]}]\n";
        check(&(with(other) + reader), "error[");
    }

    #[test]
    fn only_where_the_namespace_is_known() {
        let asks = pod("volumes: [{name: v, configMap: {name: x}}]");
        check(
            &format!("//- apps/a/web/overlays/prod/all.yaml\n{asks}"),
            "(possible)",
        );
        // Nothing places it.
        check(&format!("//- somewhere/all.yaml\n{asks}"), "");
    }
}

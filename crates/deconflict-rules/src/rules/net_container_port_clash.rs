use std::collections::BTreeMap;

use deconflict_claims::Spot;
use deconflict_claims::pods::{Container, ContainerKind, Pod};
use deconflict_findings::{Label, Severity};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two containers of a pod that declare the same port with the same protocol, or (a warning) ports of one name.
    ///
    /// ## Why it matters
    /// Containers of a pod share one network. The second process that listens on a number fails with "address already in
    /// use" and restarts for ever. A port name that two containers have makes `targetPort` and probes by name take the
    /// first.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       ports:
    ///         - containerPort: 8080
    ///     - name: exporter
    ///       image: registry.example/exporter:1.0
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       ports:
    ///         - containerPort: 8080
    ///     - name: exporter
    ///       image: registry.example/exporter:1.0
    ///       ports:
    ///         - containerPort: 9090
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Ports that a process opens without declaring them are not seen. Ports of injected sidecars are `sid-port-reserved`.
    /// Init containers that end before the others start are left out.
    "net-container-port-clash", "two containers of one pod use one port number or one port name",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let lasting = || {
            pod.template
                .containers
                .iter()
                .filter(|container| container.kind != ContainerKind::Init)
        };
        if lasting().filter(|container| !container.ports.is_empty()).count() < 2 {
            continue;
        }
        let mut numbers: BTreeMap<(i64, &str), (&Container, &Spot)> = BTreeMap::new();
        let mut names: BTreeMap<&str, (&Container, &Spot)> = BTreeMap::new();
        for container in lasting() {
            for port in &container.ports {
                let known = *numbers
                    .entry((port.number, &port.protocol))
                    .or_insert((container, &port.spot));
                if known.0.name != container.name {
                    let what = format!("port {} ({})", port.number, port.protocol);
                    report(
                        context,
                        sink,
                        pod,
                        &what,
                        [known, (container, &port.spot)],
                        RULE.meta.severity,
                    );
                    continue;
                }
                if port.name.is_empty() {
                    continue;
                }
                let known = *names.entry(&port.name).or_insert((container, &port.spot));
                if known.0.name != container.name {
                    let what = format!("the port name `{}`", port.name);
                    report(
                        context,
                        sink,
                        pod,
                        &what,
                        [known, (container, &port.spot)],
                        Severity::Warning,
                    );
                }
            }
        }
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    pod: &Pod<'_>,
    what: &str,
    [(first, first_at), (second, second_at)]: [(&Container, &Spot); 2],
    severity: Severity,
) {
    let workload = context.index.workload(pod);
    let message = format!(
        "containers `{}` and `{}` of {} both use {what}{}",
        first.name,
        second.name,
        workload.title(),
        in_cluster(context.index)
    );
    let sides = [Side::new(workload, second_at.clone()).labelled(format!("container `{}`", second.name))];
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return;
    };
    finding
        .related
        .push(Label::new(first_at.at, format!("container `{}`", first.name)));
    finding.severity = severity;
    finding.key = Some(what.to_owned());
    finding.notes.push(if severity == Severity::Error {
        "whichever listens second fails with \"address already in use\"".to_owned()
    } else {
        "a `targetPort` of that name takes the first".to_owned()
    });
    finding.help = Some("change one of them".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn numbers_and_names() {
        for (spec, expected) in [
            (
                "containers: [{name: a, ports: [{containerPort: 80}]}, {name: b, ports: [{containerPort: 80}]}]",
                "error",
            ),
            (
                "containers: [{name: a, ports: [{containerPort: 53}]}, {name: b, ports: [{containerPort: 53, protocol: UDP}]}]",
                "",
            ),
            (
                "containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 80}]}]",
                "",
            ),
            (
                "containers: [{name: a, ports: [{containerPort: 80, name: x}]}, {name: b, ports: [{containerPort: 81, name: x}]}]",
                "warning",
            ),
            (
                "initContainers: [{name: a, ports: [{containerPort: 80}]}], containers: [{name: b, ports: [{containerPort: 80}]}]",
                "",
            ),
            (
                "initContainers: [{name: a, restartPolicy: Always, ports: [{containerPort: 80}]}], containers: [{name: b, ports: [{containerPort: 80}]}]",
                "error",
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{{spec}}}\n"
            );
            let got = run("net-container-port-clash", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.starts_with(expected), "{text}\n{got}");
        }
    }
}

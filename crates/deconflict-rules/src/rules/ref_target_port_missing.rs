use deconflict_claims::pods::Controller;
use deconflict_findings::{Certainty, Label};
use deconflict_kube::{int_of, items_at, text_at};

use crate::collision::{in_cluster, list};
use crate::quota::declared;
use crate::refs::{Selecting, each_service};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds ports of Services whose `targetPort` is a name that no container of the selected pods declares. A number
    /// that none of them declares is information.
    ///
    /// ## Why it matters
    /// A pod without a port of that name gets no endpoint for it: requests to the Service's port fail.
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
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: web
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
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Containers need not declare a port to listen on it, so that a missing number is only possible, and not told
    /// where the pods declare no ports at all. Pods of operators are left out.
    "ref-target-port-missing", "a Service names a port that none of its pods has",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_service(context, &mut |world, selecting| {
        let Selecting {
            service, namespace, ..
        } = selecting;
        let pods = &selecting.selected.pods;
        let ports = || {
            let containers = pods.iter().flat_map(|pod| &pod.containers);
            containers.flat_map(|container| &container.ports)
        };
        let operated = pods
            .iter()
            .any(|pod| pod.template.controller == Controller::Operator);
        let Some(first) = pods.first().filter(|_| !operated) else {
            return;
        };
        for entry in items_at(&service.facts.object.body, &["spec", "ports"]) {
            let Some(target) = entry
                .at_path(&["targetPort"])
                .or_else(|| entry.at_path(&["port"]))
            else {
                continue;
            };
            let number = int_of(target);
            let text = target.text().unwrap_or_default();
            let protocol = text_at(entry, &["protocol"]).unwrap_or("TCP");
            let is_there = match number {
                Some(number) => ports().next().is_none() || ports().any(|port| port.number == number),
                None => ports().any(|port| port.name == text && port.protocol == protocol),
            };
            // A number as text is taken for a name by the API server, which refuses it: a finding of its own.
            if is_there || text.is_empty() || number.is_none() && text.parse::<i64>().is_ok() {
                continue;
            }
            let workload = context.index.workload(first);
            let message = format!(
                "{} sends to port {text} of {}, which declares no such port{}",
                service.title(),
                workload.title(),
                in_cluster(context.index)
            );
            let Some(mut finding) = world.finding(&RULE, (service, target), ("", Some(*namespace)), message)
            else {
                continue;
            };
            // The pods are there whatever else the namespace holds.
            finding.certainty = match number {
                Some(_) => Certainty::Possible,
                None => service.certainty.min(workload.certainty),
            };
            finding.key = Some(format!("{text}/{protocol}"));
            let known = ports().next();
            let names: Vec<String> = ports()
                .map(|port| match port.name.as_str() {
                    "" => port.number.to_string(),
                    name => format!("{name} ({})", port.number),
                })
                .collect();
            let spot = known.map_or_else(|| declared(first), |port| port.spot.clone());
            finding
                .related
                .push(Label::new(spot.at, format!("pods of {}", workload.title())));
            finding.notes.push(match names.as_slice() {
                [] => "the pods declare no ports".to_owned(),
                names => format!("the pods declare {}", list(names, "and")),
            });
            finding.help = Some("name a port that a container declares, or declare it there".to_owned());
            sink.report(finding);
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn ports() {
        let text = |port: &str, ports: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, labels: {{a: b}}}}\n\
                 spec: {{containers: [{{name: c, ports: [{ports}]}}]}}\n---\n\
                 apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n}}\nspec: {{selector: {{a: b}}, ports: [{{{port}}}]}}\n"
            )
        };
        let http = "{name: http, containerPort: 80}";
        for (port, ports, expected) in [
            ("port: 80, targetPort: web", http, "error["),
            ("port: 80, targetPort: web", "", "error["),
            ("port: 80, targetPort: http, protocol: UDP", http, "error["),
            ("port: 80, targetPort: 81", http, "(possible)"),
            ("port: 81", http, "(possible)"),
            ("port: 80, targetPort: http", http, ""),
            ("port: 80", http, ""),
            ("port: 9, targetPort: 80", http, ""),
            // Nothing is declared: it may listen on any.
            ("port: 80, targetPort: 81", "", ""),
        ] {
            let got = run("ref-target-port-missing", &text(port, ports));
            assert_eq!(got.is_empty(), expected.is_empty(), "{port} {ports}\n{got}");
            assert!(got.contains(expected), "{port} {ports}\n{got}");
        }
    }
}

//! A made-up company: many applications in many clusters, of any number of objects.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::inputs::write;

pub(super) const APPS: usize = 500;
pub(super) const CLUSTERS: usize = 20;
/// Each application runs in two clusters: seven apart, so that both have applications that the other has not.
const APART: usize = 7;
const NAMESPACES: usize = 5;
const TEAMS: usize = 25;
/// Objects that belong together: as many kinds.
const UNIT: usize = 12;

/// A repository that deploys about `objects` objects: a base for each application, overlays in two clusters each, ten
/// applications of several teams in every namespace. One unit in fifty takes the node port of another application.
pub(super) fn repository(work: &Path, objects: usize) -> Result<PathBuf, String> {
    if work.exists() {
        std::fs::remove_dir_all(work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    let mut config = "version: 1\nclusters:\n".to_owned();
    for cluster in 0..CLUSTERS {
        let _ = writeln!(config, "  - {{name: c{cluster}}}");
        let platform = work.join(format!("clusters/c{cluster}"));
        write(&platform.join("namespaces.yaml"), &namespaces())?;
    }
    config.push_str("teams:\n");
    for team in 0..TEAMS {
        let _ = writeln!(config, "  - {{name: t{team}, paths: [apps/t{team}/**]}}");
    }
    write(&work.join("deconflict.yaml"), &config)?;
    for app in 0..APPS {
        let directory = work.join(format!("apps/t{}/a{app}", app % TEAMS));
        let text: Vec<String> = (0..units(app, objects) * UNIT)
            .map(|number| object(app, number))
            .collect();
        write(&directory.join("base/all.yaml"), &text.join("---\n"))?;
        write(
            &directory.join("base/kustomization.yaml"),
            "resources: [all.yaml]\n",
        )?;
        for cluster in [app % CLUSTERS, (app + APART) % CLUSTERS] {
            let overlay = format!("namespace: {}\nresources: [../../base]\n", namespace(app));
            let path = format!("overlays/c{cluster}/kustomization.yaml");
            write(&directory.join(path), &overlay)?;
        }
    }
    Ok(work.to_owned())
}

/// How many units an application has, so that all together have about `objects` objects in the clusters.
fn units(app: usize, objects: usize) -> usize {
    let all = objects / (2 * UNIT);
    all / APPS + usize::from(app < all % APPS)
}

fn namespace(app: usize) -> String {
    format!("shop-{}", app / CLUSTERS % NAMESPACES)
}

/// What the platform's team gives to each cluster.
fn namespaces() -> String {
    let mut text = String::new();
    for number in 0..NAMESPACES {
        let _ = write!(
            text,
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop-{number}\n---\napiVersion: v1\nkind: ResourceQuota\n\
             metadata:\n  name: all\n  namespace: shop-{number}\nspec:\n  hard:\n    requests.cpu: 100k\n    pods: 100k\n---\n"
        );
    }
    text.push_str(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: all\n  namespace: shop-0\nspec:\n  \
         gatewayClassName: cilium\n  listeners:\n    - name: http\n      port: 80\n      protocol: HTTP\n      \
         allowedRoutes:\n        namespaces:\n          from: All\n",
    );
    text
}

/// Object `number` of an application: the kinds of a unit in turn.
fn object(app: usize, number: usize) -> String {
    let (unit, team) = (number / UNIT, app % TEAMS);
    let name = format!("a{app}-{unit}");
    let head = |version: &str, kind: &str| {
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\n"
        )
    };
    match number % UNIT {
        0 => {
            head("apps/v1", "Deployment")
                + &format!(
                    "spec:\n  strategy:\n    type: Recreate\n  selector:\n    matchLabels:\n      app: {name}\n  \
                     template:\n    metadata:\n      labels:\n        app: {name}\n        team: t{team}\n        tier: web\n    \
                     spec:\n      serviceAccountName: {name}\n      containers:\n        - name: web\n          image: \
                     example.com/web:1.0\n          envFrom:\n            - configMapRef:\n                name: {name}\n          \
                     ports:\n            - containerPort: 8080\n          resources:\n            requests:\n              \
                     cpu: 100m\n              memory: 64Mi\n          volumeMounts:\n            - name: data\n              \
                     mountPath: /data\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            \
                     claimName: {name}\n"
                )
        }
        1 => {
            head("v1", "Service")
                + &format!(
                    "spec:\n  type: NodePort\n  selector:\n    app: {name}\n  ports:\n    - port: 80\n      targetPort: 8080\n      \
                     nodePort: {}\n",
                    node_port(app, unit)
                )
        }
        2 => head("v1", "ConfigMap") + &format!("data:\n  LEVEL: info\n  NUMBER: \"{number}\"\n"),
        3 => {
            head("networking.k8s.io/v1", "Ingress")
                + &format!(
                    "spec:\n  ingressClassName: nginx\n  rules:\n    - host: t{team}.example.com\n      http:\n        paths:\n          \
                     - path: /{name}\n            pathType: Prefix\n            backend:\n              service:\n                \
                     name: {name}\n                port:\n                  number: 80\n"
                )
        }
        4 => {
            head("autoscaling/v2", "HorizontalPodAutoscaler")
                + &format!(
                    "spec:\n  minReplicas: 2\n  maxReplicas: 4\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    \
                     name: {name}\n  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          \
                     type: Utilization\n          averageUtilization: 80\n"
                )
        }
        5 => {
            head("policy/v1", "PodDisruptionBudget")
                + &format!("spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: {name}\n")
        }
        6 => {
            head("v1", "PersistentVolumeClaim")
                + "spec:\n  accessModes: [ReadWriteMany]\n  storageClassName: files\n  resources:\n    requests:\n      storage: 1Gi\n"
        }
        7 => {
            head("gateway.networking.k8s.io/v1", "HTTPRoute")
                + &format!(
                    "spec:\n  parentRefs:\n    - name: all\n      namespace: shop-0\n  hostnames: [t{team}.example.org]\n  rules:\n    \
                     - matches:\n        - path:\n            type: PathPrefix\n            value: /{name}\n      backendRefs:\n        \
                     - name: {name}\n          port: 80\n"
                )
        }
        8 => {
            head("networking.istio.io/v1", "VirtualService")
                + &format!(
                    "spec:\n  hosts: [{name}]\n  http:\n    - route:\n        - destination:\n            host: {name}\n            \
                     subset: all\n"
                )
        }
        9 => {
            head("networking.istio.io/v1", "DestinationRule")
                + &format!(
                    "spec:\n  host: {name}\n  subsets:\n    - name: all\n      labels:\n        app: {name}\n"
                )
        }
        10 => {
            head("networking.k8s.io/v1", "NetworkPolicy")
                + &format!(
                    "spec:\n  podSelector:\n    matchLabels:\n      app: {name}\n  policyTypes: [Ingress]\n  ingress:\n    - from:\n        \
                     - podSelector:\n            matchLabels:\n              team: t{team}\n"
                )
        }
        _ => head("v1", "ServiceAccount"),
    }
}

/// Its own in both clusters, but for one unit in fifty, which has the one of the application before.
fn node_port(app: usize, unit: usize) -> usize {
    // Applications of one cluster differ in parity or in this.
    let of = |row: usize| 30_000 + ((app % 2) * (APPS / CLUSTERS) + row) * 12 + unit % 12;
    let row = app / CLUSTERS;
    let taken = row > 0 && (row * 12 + unit).is_multiple_of(50);
    of(row - usize::from(taken))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn objects_are_about_as_many_as_asked() {
        for objects in [12_500, 100_000] {
            let all: usize = (0..APPS).map(|app| 2 * UNIT * units(app, objects)).sum();
            assert!((objects - 2 * UNIT..=objects).contains(&all), "{all}");
            assert!((0..APPS).all(|app| units(app, objects) > 0));
        }
    }

    #[test]
    fn few_node_ports_are_taken_twice() {
        for cluster in 0..CLUSTERS {
            let here =
                (0..APPS).filter(|app| app % CLUSTERS == cluster || (app + APART) % CLUSTERS == cluster);
            let all: Vec<usize> = here
                .flat_map(|app| (0..8).map(move |unit| node_port(app, unit)))
                .collect();
            let different: BTreeSet<&usize> = all.iter().collect();
            let taken = all.len() - different.len();
            assert!(
                (1..=all.len() / 20).contains(&taken),
                "cluster {cluster}: {taken} of {}",
                all.len()
            );
            assert!(all.iter().all(|port| (30_000..=32_767).contains(port)));
        }
    }
}

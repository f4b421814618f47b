//! Collisions that real repositories had in their history, each rebuilt as a small repository and found at the lines that
//! collide. Those that only a merge makes stand in `merged.rs`.

use crate::sandbox::Sandbox;

/// Checks `repository` with the groups of rules `only` and compares all that is printed.
fn found(repository: &str, only: &str, want: &[&str]) {
    let sandbox = Sandbox::new(repository);
    let ran = sandbox.run(&format!("check . --format concise --only {only}"));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines, want, "{}", ran.stderr);
    assert_eq!(ran.exit, Some(1), "{}", ran.stderr);
}

/// cloud-platform-environments 1682349eae: each of six environments had two RoleBindings of one name.
#[test]
fn one_namespace_directory_binds_one_name_twice() {
    found(
        r#"//- clusters/live/orders/01-rbac.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: orders-admin
  namespace: orders
subjects:
- {kind: Group, name: orders, apiGroup: rbac.authorization.k8s.io}
roleRef: {kind: ClusterRole, name: admin, apiGroup: rbac.authorization.k8s.io}
//- clusters/live/orders/02-rbac.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: orders-admin
  namespace: orders
subjects:
- {kind: Group, name: payments, apiGroup: rbac.authorization.k8s.io}
roleRef: {kind: ClusterRole, name: admin, apiGroup: rbac.authorization.k8s.io}
"#,
        "own",
        &[
            "clusters/live/orders/01-rbac.yaml:4:9: error[own-object-repeated] clusters/live/orders \
             declares RoleBinding orders/orders-admin twice in live (other side: clusters/live/orders/02-rbac.yaml:4)",
        ],
    );
}

/// infra-deployments e7e5e93ab: two components deployed one ClusterRole.
#[test]
fn two_components_deploy_one_cluster_role() {
    found(
        r#"//- apps/red/a/overlays/prod/r.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: pipelines-runner
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
//- apps/blue/b/overlays/prod/r.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: pipelines-runner
rules:
- {apiGroups: [""], resources: [pods], verbs: [list]}
"#,
        "own",
        &[
            "apps/blue/b/overlays/prod/r.yaml:4:9: error[own-object-conflict] blue and red both deploy \
             ClusterRole pipelines-runner in prod, with different content (other side: apps/red/a/overlays/prod/r.yaml:4)",
        ],
    );
}

/// govuk-helm-charts 4576bfac67: two CronJobs of one name.
#[test]
fn two_cron_jobs_of_one_name() {
    found(
        r#"//- clusters/live/orders/c.yaml
apiVersion: batch/v1
kind: CronJob
metadata:
  name: sync
  namespace: orders
spec:
  schedule: "1 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: sync, image: "sync:1.0"}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: sync
  namespace: orders
spec:
  schedule: "2 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: sync, image: "sync:1.0"}
"#,
        "own",
        &[
            "clusters/live/orders/c.yaml:4:9: error[own-object-repeated] clusters/live/orders declares \
             CronJob orders/sync twice in live (other side: clusters/live/orders/c.yaml:19)",
        ],
    );
}

/// govuk-helm-charts 732ea48e4a: two Applications of one name.
#[test]
fn two_applications_of_one_name() {
    found(
        r#"//- clusters/prod/a.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: frontend
  namespace: argocd
spec:
  project: default
  source: {repoURL: 'https://example.com/r.git', path: apps/a, targetRevision: main}
  destination: {server: 'https://kubernetes.default.svc', namespace: web}
//- clusters/prod/b.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: frontend
  namespace: argocd
spec:
  project: default
  source: {repoURL: 'https://example.com/r.git', path: apps/b, targetRevision: main}
  destination: {server: 'https://kubernetes.default.svc', namespace: web}
"#,
        "own,argo-app-twice",
        &[
            "clusters/prod/b.yaml:4:9: error[argo-app-twice] Application argocd/frontend is declared twice \
             in one Argo CD (other side: clusters/prod/a.yaml:4)",
        ],
    );
}

/// govuk-helm-charts d04adc4570 and 3a7736f153: two applications made one Secret.
#[test]
fn two_applications_produce_one_secret() {
    found(
        r#"//- apps/red/a/overlays/prod/e.yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: a
  namespace: shared
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  target:
    name: database
  dataFrom:
  - extract: {key: a}
//- apps/blue/b/overlays/prod/e.yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: b
  namespace: shared
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  target:
    name: database
  dataFrom:
  - extract: {key: b}
"#,
        "cfg",
        &[
            "apps/blue/b/overlays/prod/e.yaml:9:11: error[cfg-secret-two-producers] blue and red both \
             produce the Secret shared/database in prod (other side: apps/red/a/overlays/prod/e.yaml:9)",
        ],
    );
}

/// sds-flux-config 0a66c1eaea: two Ingresses had one host.
#[test]
fn two_ingresses_of_one_host() {
    found(
        r#"//- apps/red/a/overlays/prod/i.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: a
  namespace: a
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: a, port: {number: 80}}}
//- apps/blue/b/overlays/prod/i.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: b
  namespace: b
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: b, port: {number: 80}}}
"#,
        "net",
        &[
            "apps/blue/b/overlays/prod/i.yaml:12:15: error[net-ingress-path-taken] blue and red both claim \
             shop.example.com/ in prod (class nginx) (other side: apps/red/a/overlays/prod/i.yaml:12)",
        ],
    );
}

/// sds-flux-config c846684c2e: one Namespace stood twice.
#[test]
fn one_namespace_stands_twice() {
    found(
        r#"//- apps/red/a/overlays/prod/n.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: orders
  labels: {team: red}
//- apps/blue/b/overlays/prod/n.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: orders
  labels: {team: blue}
"#,
        "own",
        &[
            "apps/blue/b/overlays/prod/n.yaml:4:9: error[own-namespace-conflict] blue and red both deploy \
             Namespace orders in prod, with different labels or annotations (other side: apps/red/a/overlays/prod/n.yaml:4)",
        ],
    );
}

/// home-ops 9d83c62d3e: two components took one port of the node.
#[test]
fn two_components_take_one_host_port() {
    found(
        r#"//- apps/red/a/overlays/prod/d.yaml
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: a
  namespace: a
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
      - name: a
        image: a:1.0
        ports:
        - containerPort: 9999
          hostPort: 9999
//- apps/blue/b/overlays/prod/d.yaml
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: b
  namespace: b
spec:
  selector: {matchLabels: {app: b}}
  template:
    metadata: {labels: {app: b}}
    spec:
      containers:
      - name: b
        image: b:1.0
        ports:
        - containerPort: 9999
          hostPort: 9999
"#,
        "net",
        &[
            "apps/blue/b/overlays/prod/d.yaml:16:21: error[net-hostport-overlap] blue and red both claim \
             port 9999/TCP of every node they share in prod (other side: apps/red/a/overlays/prod/d.yaml:16)",
        ],
    );
}

/// home-ops 165f7dac2c and k8s-gitops 49638e3fb: two releases had one static address.
#[test]
fn two_services_have_one_static_address() {
    found(
        r#"//- apps/red/a/overlays/prod/s.yaml
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: a
  annotations:
    metallb.universe.tf/loadBalancerIPs: 10.1.3.153
spec:
  type: LoadBalancer
  ports:
  - port: 80
//- apps/blue/b/overlays/prod/s.yaml
apiVersion: v1
kind: Service
metadata:
  name: b
  namespace: b
  annotations:
    metallb.universe.tf/loadBalancerIPs: 10.1.3.153
spec:
  type: LoadBalancer
  ports:
  - port: 80
"#,
        "net",
        &[
            "apps/blue/b/overlays/prod/s.yaml:7:42: error[net-lb-ip-taken] blue and red both claim \
             load-balancer address 10.1.3.153 in prod (other side: apps/red/a/overlays/prod/s.yaml:7)",
        ],
    );
}

/// infra-deployments 55aa8a5e5: two containers of one pod had one name.
#[test]
fn two_containers_of_one_name() {
    found(
        r#"//- apps/red/a/overlays/prod/d.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1.0
      - name: web
        image: proxy:1.0
"#,
        "api",
        &[
            "apps/red/a/overlays/prod/d.yaml:14:15: error[api-container-name] Deployment web/web: two \
             containers of this pod are called `web` (other side: apps/red/a/overlays/prod/d.yaml:12)",
        ],
    );
}

/// k8s-gitops edd33f560: a quota on limits, and a workload without any: no pod could start.
#[test]
fn a_quota_demands_limits_that_a_workload_lacks() {
    found(
        r#"//- apps/red/a/overlays/prod/d.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1.0
//- apps/red/a/overlays/prod/q.yaml
apiVersion: v1
kind: ResourceQuota
metadata:
  name: quota
  namespace: web
spec:
  hard:
    limits.cpu: "4"
"#,
        "cap",
        &[
            "apps/red/a/overlays/prod/d.yaml:12:15: error[cap-quota-needs-values] container `web` of \
             Deployment web/web has no cpu limit, which the quota `quota` demands in namespace web of prod (other side: apps/red/a/overlays/prod/q.yaml:8)",
        ],
    );
}

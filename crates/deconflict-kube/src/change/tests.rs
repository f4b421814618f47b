use std::sync::Arc;

use super::validate_change;
use crate::fixture::node;
use crate::{Definition, Definitions, KubernetesVersion, Object};

fn object(kind: &str, fields: &str) -> (Object, String) {
    let (body, text) = node(&format!(
        "{{{kind}, metadata: {{name: a, namespace: n}}, {fields}}}"
    ));
    (Object::new(body, None).unwrap(), text)
}

fn found(kind: &str, minor: u16, old: &str, new: &str) -> String {
    let ((old, _), (new, text)) = (object(kind, old), object(kind, new));
    let all = validate_change(&old, &new, KubernetesVersion::new(minor), &Definitions::new());
    let shown: Vec<String> = all
        .iter()
        .map(|fault| format!("{} {} at {}", fault.row, fault.path, &text[fault.at.span.range()]))
        .collect();
    shown.join("; ")
}

/// At 1.34: what is refused of the change, as `row path at text`; `""` when nothing is.
#[track_caller]
fn check(kind: &str, old: &str, new: &str, expected: &str) {
    assert_eq!(found(kind, 34, old, new), expected, "{kind}\n{old}\n{new}");
}

const DEPLOYMENT: &str = "apiVersion: apps/v1, kind: Deployment";
const STATEFUL_SET: &str = "apiVersion: apps/v1, kind: StatefulSet";
const JOB: &str = "apiVersion: batch/v1, kind: Job";
const SERVICE: &str = "apiVersion: v1, kind: Service";
const CLAIM: &str = "apiVersion: v1, kind: PersistentVolumeClaim";
const VOLUME: &str = "apiVersion: v1, kind: PersistentVolume";
const CONFIG_MAP: &str = "apiVersion: v1, kind: ConfigMap";
const SECRET: &str = "apiVersion: v1, kind: Secret";
const POD: &str = "apiVersion: v1, kind: Pod";

#[test]
fn selectors() {
    check(
        DEPLOYMENT,
        "spec: {selector: {matchLabels: {app: a}}}",
        "spec: {selector: {matchLabels: {app: b}}}",
        "immutable-selector spec.selector.matchLabels.app at b",
    );
    check(
        DEPLOYMENT,
        "spec: {selector: {matchLabels: {app: a, tier: x}}}",
        "spec: {selector: {matchLabels: {app: a}}}",
        "immutable-selector spec.selector.matchLabels.tier at {app: a}",
    );
    check(
        DEPLOYMENT,
        "spec: {replicas: 1, selector: {matchLabels: {app: a, tier: x}}, template: {spec: {nodeName: x}}}",
        "spec: {replicas: 2, selector: {matchLabels: {tier: 'x', app: a}}, template: {spec: {nodeName: y}}}",
        "",
    );
    check(
        "apiVersion: v1, kind: ReplicationController",
        "spec: {selector: {app: a}}",
        "spec: {selector: {app: b}}",
        "",
    );
}

#[test]
fn stateful_sets() {
    check(
        STATEFUL_SET,
        "spec: {serviceName: a, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]}",
        "spec: {serviceName: a, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 2Gi}}}}]}",
        "immutable-statefulset spec.volumeClaimTemplates[0].spec.resources.requests.storage at 2Gi",
    );
    check(
        STATEFUL_SET,
        "spec: {serviceName: a, replicas: 1, minReadySeconds: 1, updateStrategy: {type: OnDelete}, volumeClaimTemplates: \
         [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]}",
        "spec: {serviceName: a, podManagementPolicy: OrderedReady, volumeClaimTemplates: [{apiVersion: v1, kind: \
         PersistentVolumeClaim, metadata: {name: d}, spec: {volumeMode: Filesystem, resources: {requests: {storage: \
         1024Mi}}}}]}",
        "",
    );
    let (old, new) = (
        "spec: {revisionHistoryLimit: 1}",
        "spec: {revisionHistoryLimit: 2}",
    );
    assert_eq!(
        found(STATEFUL_SET, 32, old, new),
        "immutable-statefulset spec.revisionHistoryLimit at 2"
    );
    assert_eq!(found(STATEFUL_SET, 33, old, new), "");
}

#[test]
fn jobs() {
    let job = |fields: &str, image: &str| {
        format!("spec: {{{fields}template: {{spec: {{containers: [{{name: a, image: {image}}}]}}}}}}")
    };
    check(
        JOB,
        &job("", "a:1"),
        &job("", "a:2"),
        "immutable-job spec.template.spec.containers[0].image at a:2",
    );
    check(
        JOB,
        &job("", "a:1"),
        &job("parallelism: 3, ", "a:1, imagePullPolicy: Always"),
        "",
    );
    check(
        JOB,
        &job("completions: 2, ", "a:1"),
        &job("completions: 3, ", "a:1"),
        "immutable-job spec.completions at 3",
    );
    let indexed = |count: u8, parallel: u8| {
        job(
            &format!("completionMode: Indexed, completions: {count}, parallelism: {parallel}, "),
            "a:1",
        )
    };
    check(JOB, &indexed(2, 2), &indexed(3, 3), "");
    check(
        JOB,
        &indexed(2, 2),
        &indexed(3, 2),
        "immutable-job spec.completions at 3",
    );
    let suspended = |within: &str| format!("spec: {{suspend: true, template: {{spec: {{{within}}}}}}}");
    check(
        JOB,
        &suspended("nodeSelector: {a: b}"),
        &suspended("nodeSelector: {a: c}"),
        "",
    );
    check(
        JOB,
        &suspended("hostNetwork: false"),
        &suspended("hostNetwork: true"),
        "immutable-job spec.template.spec.hostNetwork at true",
    );
    check(
        "apiVersion: batch/v1, kind: CronJob",
        "spec: {jobTemplate: {spec: {completions: 2}}}",
        "spec: {jobTemplate: {spec: {completions: 3}}}",
        "",
    );
}

#[test]
fn services() {
    for (old, new, expected) in [
        (
            "clusterIP: 10.0.0.1",
            "clusterIP: 10.0.0.2",
            "immutable-service spec.clusterIP at 10.0.0.2",
        ),
        ("clusterIP: 10.0.0.1", "type: ClusterIP", ""),
        ("type: ClusterIP", "clusterIP: 10.0.0.2", ""),
        (
            "type: ClusterIP",
            "clusterIP: None",
            "immutable-service spec.clusterIP at None",
        ),
        (
            "clusterIP: None",
            "clusterIP: 10.0.0.1",
            "immutable-service spec.clusterIP at 10.0.0.1",
        ),
        ("type: ExternalName, externalName: a.b", "clusterIP: None", ""),
        (
            "ipFamilies: [IPv4]",
            "ipFamilies: [IPv6]",
            "immutable-service spec.ipFamilies[0] at IPv6",
        ),
        ("ipFamilies: [IPv4]", "ipFamilies: [IPv4, IPv6]", ""),
        (
            "type: LoadBalancer",
            "type: LoadBalancer, loadBalancerClass: a.b/c",
            "immutable-service spec.loadBalancerClass at a.b/c",
        ),
        (
            "type: NodePort",
            "type: LoadBalancer, loadBalancerClass: a.b/c",
            "",
        ),
        (
            "selector: {a: b}, ports: [{port: 1}]",
            "selector: {a: c}, ports: [{port: 2}]",
            "",
        ),
    ] {
        check(
            SERVICE,
            &format!("spec: {{{old}}}"),
            &format!("spec: {{{new}}}"),
            expected,
        );
    }
}

#[test]
fn claims() {
    let spec =
        |fields: &str, size: &str| format!("spec: {{{fields}resources: {{requests: {{storage: {size}}}}}}}");
    check(
        CLAIM,
        &spec("accessModes: [ReadWriteOnce], ", "1Gi"),
        &spec("accessModes: [ReadWriteMany], ", "1Gi"),
        "immutable-pvc spec.accessModes[0] at ReadWriteMany",
    );
    check(
        CLAIM,
        &spec("", "2Gi"),
        &spec("", "1Gi"),
        "immutable-pvc spec.resources.requests.storage at 1Gi",
    );
    check(
        CLAIM,
        &spec("", "1Gi"),
        &spec("volumeMode: Filesystem, volumeName: v, ", "2Gi"),
        "",
    );
    check(
        CLAIM,
        &spec("storageClassName: a, ", "1Gi"),
        &spec("storageClassName: b, ", "1Gi"),
        "immutable-pvc spec.storageClassName at b",
    );
    check(
        CLAIM,
        &spec("", "1Gi"),
        &spec("storageClassName: b, volumeAttributesClassName: g, ", "1Gi"),
        "",
    );
}

#[test]
fn volumes() {
    check(
        VOLUME,
        "spec: {capacity: {storage: 1Gi}, nfs: {server: a, path: /x}}",
        "spec: {capacity: {storage: 2Gi}, nfs: {server: b, path: /x}}",
        "immutable-misc spec.nfs.server at b",
    );
    check(
        VOLUME,
        "spec: {persistentVolumeReclaimPolicy: Delete, csi: {driver: a}}",
        "spec: {persistentVolumeReclaimPolicy: Retain, csi: {driver: a, controllerExpandSecretRef: {name: s}}, nodeAffinity: \
         {required: {nodeSelectorTerms: []}}}",
        "",
    );
}

#[test]
fn config() {
    check(
        CONFIG_MAP,
        "immutable: true, data: {a: x}",
        "immutable: true, data: {a: y}",
        "immutable-config data.a at y",
    );
    check(
        CONFIG_MAP,
        "immutable: true, data: {a: x}",
        "data: {a: x}",
        "immutable-config immutable at {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}, data: {a: x}}",
    );
    check(CONFIG_MAP, "data: {a: x}", "immutable: true, data: {a: y}", "");
    check(
        CONFIG_MAP,
        "immutable: true, data: {a: x}",
        "immutable: true, data: {a: 'x'}",
        "",
    );
    check(
        SECRET,
        "type: Opaque",
        "type: a.b/c",
        "immutable-config type at a.b/c",
    );
    check(SECRET, "type: Opaque, data: {a: eA==}", "data: {a: eQ==}", "");
    check(
        SECRET,
        "immutable: true, data: {a: eA==}",
        "immutable: true, stringData: {a: x}",
        "",
    );
    let ((old, _), (new, _)) = (
        object(SECRET, "immutable: true, stringData: {a: hunter1}"),
        object(SECRET, "immutable: true, stringData: {a: hunter2}"),
    );
    let all = validate_change(&old, &new, KubernetesVersion::DEFAULT, &Definitions::new());
    assert_eq!(all.len(), 1);
    assert!(!format!("{all:?}").contains("hunter"), "{all:?}");
}

#[test]
fn pods() {
    let pod = |spec: &str, image: &str| format!("spec: {{{spec}containers: [{{name: a, image: {image}}}]}}");
    check(
        POD,
        &pod("", "a:1"),
        &pod("tolerations: [{key: a}], serviceAccountName: default, ", "a:2"),
        "",
    );
    check(
        POD,
        &pod("", "a:1"),
        &pod("", "a:1, env: [{name: A}]"),
        "immutable-misc spec.containers[0].env at [{name: A}]",
    );
    check(
        POD,
        &pod("tolerations: [{key: a}], ", "a:1"),
        &pod("", "a:1"),
        "immutable-misc spec.tolerations at {containers: [{name: a, image: a:1}]}",
    );
}

/// A kind, a change that is refused with its path, and one that is not.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

#[test]
fn single_fields() {
    let cases: [Case<'_>; 14] = [
        (
            "apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding",
            "roleRef: {kind: Role, name: a}, subjects: []",
            "roleRef: {kind: Role, name: b}",
            "immutable-role-ref roleRef.name",
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}, subjects: [{kind: User, name: x}]",
        ),
        (
            "apiVersion: storage.k8s.io/v1, kind: StorageClass",
            "provisioner: a, parameters: {a: b}",
            "provisioner: a, parameters: {a: c}",
            "immutable-storage-class parameters.a",
            "provisioner: a, reclaimPolicy: Delete, allowVolumeExpansion: true, parameters: {a: b}",
        ),
        (
            "apiVersion: v1, kind: ResourceQuota",
            "spec: {scopes: [Terminating, BestEffort]}",
            "spec: {scopes: [Terminating]}",
            "immutable-misc spec.scopes[1]",
            "spec: {scopes: [BestEffort, Terminating], hard: {pods: 1}}",
        ),
        (
            "apiVersion: scheduling.k8s.io/v1, kind: PriorityClass",
            "value: 1",
            "value: 2",
            "immutable-misc value",
            "value: 1, preemptionPolicy: PreemptLowerPriority, globalDefault: true",
        ),
        (
            "apiVersion: networking.k8s.io/v1, kind: IngressClass",
            "spec: {controller: a}",
            "spec: {controller: b}",
            "immutable-misc spec.controller",
            "spec: {controller: a, parameters: {name: x}}",
        ),
        (
            "apiVersion: node.k8s.io/v1, kind: RuntimeClass",
            "handler: a",
            "handler: b",
            "immutable-misc handler",
            "handler: a, overhead: {podFixed: {cpu: 1}}",
        ),
        (
            "apiVersion: discovery.k8s.io/v1, kind: EndpointSlice",
            "addressType: IPv4",
            "addressType: IPv6",
            "immutable-misc addressType",
            "addressType: IPv4, endpoints: [{addresses: [10.0.0.1]}]",
        ),
        (
            "apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition",
            "spec: {scope: Cluster, names: {kind: A}}",
            "spec: {scope: Namespaced, names: {kind: A}}",
            "immutable-misc spec.scope",
            "spec: {scope: Cluster, names: {kind: A, shortNames: [a]}}",
        ),
        (
            "apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition",
            "spec: {names: {kind: A}}",
            "spec: {names: {kind: B}}",
            "immutable-misc spec.names.kind",
            "spec: {names: {kind: A, singular: a}}",
        ),
        (
            "apiVersion: storage.k8s.io/v1, kind: CSIDriver",
            "spec: {attachRequired: true}",
            "spec: {attachRequired: false}",
            "immutable-misc spec.attachRequired",
            "spec: {podInfoOnMount: true, volumeLifecycleModes: [Persistent]}",
        ),
        (
            "apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass",
            "driverName: a, parameters: {a: b}",
            "driverName: b, parameters: {a: b}",
            "immutable-misc driverName",
            "driverName: a, parameters: {a: 'b'}",
        ),
        (
            "apiVersion: resource.k8s.io/v1, kind: ResourceClaim",
            "spec: {devices: {requests: [{name: a}]}}",
            "spec: {devices: {requests: [{name: b}]}}",
            "immutable-misc spec.devices.requests[0].name",
            "spec: {devices: {requests: [{name: 'a'}]}}",
        ),
        (
            "apiVersion: apps/v1, kind: ControllerRevision",
            "revision: 1, data: {a: b}",
            "revision: 1, data: {a: c}",
            "immutable-misc data.a",
            "revision: 2, data: {a: b}",
        ),
        (
            "apiVersion: apps/v1, kind: DaemonSet",
            "spec: {selector: {matchLabels: {a: b}}}",
            "spec: {selector: {matchLabels: {a: c}}}",
            "immutable-selector spec.selector.matchLabels.a",
            "spec: {minReadySeconds: 5, selector: {matchLabels: {a: b}}}",
        ),
    ];
    for (kind, old, bad, expected, good) in cases {
        let refused = found(kind, 34, old, bad);
        let shown = refused.split(" at ").next().unwrap_or_default();
        assert_eq!(shown, expected, "{kind} {bad}: {refused}");
        check(kind, old, good, "");
    }
}

#[test]
fn rules_of_definitions_about_a_change() {
    let (definition, _) = node(
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: ts.x.io}, spec: {group: x.io, \
         names: {kind: T, plural: ts}, scope: Namespaced, versions: [{name: v1, served: true, storage: true, schema: \
         {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {a: {type: string, \
         x-kubernetes-validations: [{rule: self == oldSelf, message: stays}, {rule: size(self) < 9}]}}}}}}}]}}",
    );
    let mut definitions = Definitions::new();
    definitions.add(Arc::new(Definition::from_object(&definition).unwrap()));
    let change = |old: &str, new: &str| {
        let kind = "apiVersion: x.io/v1, kind: T";
        let ((old, _), (new, text)) = (object(kind, old), object(kind, new));
        let all = validate_change(&old, &new, KubernetesVersion::DEFAULT, &definitions);
        let shown = all.iter().map(|fault| {
            format!(
                "{} {} at {}",
                fault.row,
                fault.message,
                &text[fault.at.span.range()]
            )
        });
        shown.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(
        change("spec: {a: x}", "spec: {a: z}"),
        "transition `spec.a`: stays at z"
    );
    // What is wrong by itself is no news about the change.
    assert_eq!(change("spec: {a: 123456789}", "spec: {a: 1}"), "");
    assert_eq!(change("spec: {a: abcdefghij}", "spec: {a: abcdefghij, b: 1}"), "");
    assert_eq!(change("spec: {}", "spec: {a: z}"), "");
}

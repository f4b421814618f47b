//! Pods and pod templates, without their containers.

use crate::api::row::{deployment, manifest, pod, row};

/// What is said of every check of pod templates.
macro_rules! sets {
    () => {
        "In the template of a StatefulSet this fails later up to Kubernetes 1.33 and is refused from 1.34 on \
         (kubernetes/kubernetes#131790)."
    };
}
pub(super) use sets;

row! {
    CONTAINERS_REQUIRED = "api-containers-required", refused, "a pod without containers",
    what: "Finds pods and pod templates whose `containers` are missing or empty.",
    source: "`validateContainers` (pkg/apis/core/validation).",
    bad: "# clusters/prod/web/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: web\nspec:\n  containers: []\n",
    good: pod!("\n"),
    limits: sets!(),
}

row! {
    HOST_PORT_CONFLICT = "api-host-port-conflict", refused, "one pod takes a port of its host twice",
    what: "Finds two container ports of one pod with the same `hostPort`, protocol and `hostIP`.",
    source: "`checkHostPortConflicts` (pkg/apis/core/validation).",
    bad: pod!("\n      ports:\n        - containerPort: 8080\n          hostPort: 80\n        - containerPort: 8081\n          hostPort: 80\n"),
    good: pod!("\n      ports:\n        - containerPort: 8080\n          hostPort: 80\n        - containerPort: 8081\n          hostPort: 81\n"),
    limits: sets!(),
}

row! {
    HOST_NETWORK_PORT = "api-host-network-port", refused, "a pod on the host's network maps a port",
    what: "With `hostNetwork: true` a container listens on the host itself: a `hostPort` must equal its `containerPort`.",
    source: "`validateHostNetwork` (pkg/apis/core/validation).",
    bad: pod!("\n      ports:\n        - containerPort: 8080\n          hostPort: 80", "\n  hostNetwork: true\n"),
    good: pod!("\n      ports:\n        - containerPort: 8080\n          hostPort: 8080", "\n  hostNetwork: true\n"),
    limits: sets!(),
}

row! {
    VOLUME_NAME = "api-volume-name", refused, "a volume's name is missing, malformed or taken",
    what: "Checks names of volumes: a DNS label of at most 63 characters, each once in a pod.",
    source: "`ValidateVolumes` (pkg/apis/core/validation).",
    bad: pod!("", "\n  volumes:\n    - name: web_data\n      emptyDir: {}\n"),
    good: pod!("", "\n  volumes:\n    - name: web-data\n      emptyDir: {}\n"),
    limits: sets!(),
}

row! {
    VOLUME_SOURCE = "api-volume-source", refused, "a volume with several sources, or with none",
    what: "A volume has one source. Two are refused; none makes an empty directory, which is rarely meant (a warning).",
    source: "`validateVolumeSource` (pkg/apis/core/validation); defaulting of volumes.",
    bad: pod!("", "\n  volumes:\n    - name: data\n      emptyDir: {}\n      configMap:\n        name: web\n"),
    good: pod!("", "\n  volumes:\n    - name: data\n      configMap:\n        name: web\n"),
    limits: "An overlay that changes a source must set the old one to null. In the template of a StatefulSet this fails later up to \
             Kubernetes 1.33 and is refused from 1.34 on.",
}

row! {
    PROJECTION_PATH = "api-projection-path", refused, "a projected file leaves its volume",
    what: "Checks `items` of ConfigMap, Secret, downward API and projected volumes: the path is relative, without `..`, and key and \
           path are not empty.",
    source: "`validateKeyToPath`, `validateLocalNonReservedPath` (pkg/apis/core/validation).",
    bad: pod!("", "\n  volumes:\n    - name: data\n      configMap:\n        name: web\n        items:\n          - key: nginx.conf\n            path: /etc/nginx.conf\n"),
    good: pod!("", "\n  volumes:\n    - name: data\n      configMap:\n        name: web\n        items:\n          - key: nginx.conf\n            path: nginx.conf\n"),
    limits: sets!(),
}

row! {
    FILE_MODE = "api-file-mode", refused, "a file mode above 0777",
    what: "Checks `mode` and `defaultMode`: 0 to 511, which is octal 0777. YAML reads `644` as decimal; `0644` is octal.",
    source: "`fileModeErrorMsg` (pkg/apis/core/validation).",
    bad: pod!("", "\n  volumes:\n    - name: data\n      configMap:\n        name: web\n        defaultMode: 644\n"),
    good: pod!("", "\n  volumes:\n    - name: data\n      configMap:\n        name: web\n        defaultMode: 0644\n"),
    limits: sets!(),
}

row! {
    RESTART_POLICY = "api-restart-policy", refused, "a restart policy that the workload does not allow",
    what: "Pods of a Deployment, ReplicaSet, DaemonSet or StatefulSet restart `Always`; those of a Job or CronJob must say \
           `OnFailure` or `Never`, because the default is `Always`.",
    source: "`ValidatePodTemplateSpecForReplicaSet`, `validateJobSpec` (pkg/apis/apps and batch/validation).",
    bad: manifest!("batch/v1", "Job", "\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    good: manifest!("batch/v1", "Job", "\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    limits: sets!(),
}

row! {
    ACTIVE_DEADLINE = "api-active-deadline", refused, "a deadline for pods that never end",
    what: "`activeDeadlineSeconds` cannot stand in the template of a Deployment, ReplicaSet, DaemonSet or StatefulSet, and is at \
           least 1 elsewhere.",
    source: "`ValidatePodTemplateSpecForReplicaSet`, `ValidatePodSpec` (pkg/apis/apps and core/validation).",
    bad: deployment!("\n      activeDeadlineSeconds: 600\n"),
    good: deployment!("\n"),
    limits: sets!(),
}

row! {
    RUN_AS_ROOT_CONFLICT = "api-run-as-root-conflict", later, "`runAsNonRoot` with user 0",
    what: "Finds containers that run as user 0 although `runAsNonRoot` is true: the kubelet refuses to start them.",
    source: "`verifyRunAsNonRoot` (pkg/kubelet/kuberuntime).",
    bad: pod!("\n      securityContext:\n        runAsNonRoot: true\n        runAsUser: 0\n"),
    good: pod!("\n      securityContext:\n        runAsNonRoot: true\n        runAsUser: 101\n"),
    limits: "The user that the image names is not known.",
}

row! {
    PRIVILEGE_CONFLICT = "api-privilege-conflict", refused, "no escalation, but privileged",
    what: "`allowPrivilegeEscalation: false` contradicts `privileged: true` and the capability spelt `CAP_SYS_ADMIN`.",
    source: "`ValidateSecurityContext` (pkg/apis/core/validation).",
    bad: pod!("\n      securityContext:\n        privileged: true\n        allowPrivilegeEscalation: false\n"),
    good: pod!("\n      securityContext:\n        privileged: true\n"),
    limits: sets!(),
}

row! {
    TOPOLOGY_SPREAD = "api-topology-spread", refused, "a spread constraint that contradicts itself or another one",
    what: "`maxSkew` is at least 1, `topologyKey` is there, `minDomains` goes with `DoNotSchedule` only, and the pair of key and \
           `whenUnsatisfiable` stands once.",
    source: "`validateTopologySpreadConstraints` (pkg/apis/core/validation).",
    bad: pod!("", "\n  topologySpreadConstraints:\n    - maxSkew: 0\n      topologyKey: topology.kubernetes.io/zone\n      whenUnsatisfiable: DoNotSchedule\n"),
    good: pod!("", "\n  topologySpreadConstraints:\n    - maxSkew: 1\n      topologyKey: topology.kubernetes.io/zone\n      whenUnsatisfiable: DoNotSchedule\n"),
    limits: sets!(),
}

row! {
    AFFINITY_TERM = "api-affinity-term", refused, "an affinity term that says nothing or too much",
    what: "Weights are 1 to 100, `topologyKey` is there, required node affinity has terms, and operators have the right number of \
           values (`Gt` and `Lt`: one whole number).",
    source: "`validateAffinity`, `ValidateNodeSelectorRequirement` (pkg/apis/core/validation).",
    bad: pod!("", "\n  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n          - matchExpressions:\n              - key: disk\n                operator: In\n"),
    good: pod!("", "\n  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n          - matchExpressions:\n              - key: disk\n                operator: In\n                values: [ssd]\n"),
    limits: sets!(),
}

row! {
    TOLERATION = "api-toleration", refused, "a toleration that contradicts itself",
    what: "`Exists` takes no value, an empty key needs `Exists`, and `tolerationSeconds` needs `effect: NoExecute`.",
    source: "`ValidateTolerations` (pkg/apis/core/validation).",
    bad: pod!("", "\n  tolerations:\n    - key: dedicated\n      operator: Exists\n      value: web\n"),
    good: pod!("", "\n  tolerations:\n    - key: dedicated\n      operator: Equal\n      value: web\n"),
    limits: sets!(),
}

row! {
    DNS_CONFIG = "api-dns-config", refused, "DNS settings that a pod cannot have",
    what: "`dnsPolicy: None` needs a name server, and there are at most 3 name servers and 32 search domains.",
    source: "`validatePodDNSConfig` (pkg/apis/core/validation).",
    bad: pod!("", "\n  dnsPolicy: None\n"),
    good: pod!("", "\n  dnsPolicy: None\n  dnsConfig:\n    nameservers: [10.0.0.10]\n"),
    limits: sets!(),
}

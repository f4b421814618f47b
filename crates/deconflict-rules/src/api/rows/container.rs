//! Containers.

use super::pod::sets;
use crate::api::row::{pod, row};

row! {
    CONTAINER_NAME = "api-container-name", refused, "a container's name is missing, malformed or taken",
    what: "Checks names of containers, init containers and ephemeral containers: a DNS label of at most 63 characters, each once in a \
           pod.",
    source: "`validateContainerCommon`, `validateInitContainers` (pkg/apis/core/validation).",
    bad: "# clusters/prod/web/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: web\nspec:\n  containers:\n    - name: Web\n      image: nginx:1.27\n",
    good: pod!("\n"),
    limits: sets!(),
}

row! {
    IMAGE_REQUIRED = "api-image-required", refused, "a container without an image",
    what: "Finds containers whose image is missing or empty, and images of bare pods with spaces around them.",
    source: "`validateContainerCommon`, `validateContainers` (pkg/apis/core/validation).",
    bad: "# clusters/prod/web/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: web\nspec:\n  containers:\n    - name: web\n",
    good: pod!("\n"),
    limits: sets!(),
}

row! {
    PORT_NAME = "api-port-name", refused, "a port's name is malformed or taken",
    what: "Checks names of container ports, and names by which Services, Ingresses and NetworkPolicies refer to them: at most 15 \
           lower-case letters, digits and single `-`, with a letter; each once in a container.",
    source: "`IsValidPortName` (k8s.io/apimachinery, pkg/util/validation).",
    bad: pod!("\n      ports:\n        - name: metrics-endpoint\n          containerPort: 9090\n"),
    good: pod!("\n      ports:\n        - name: metrics\n          containerPort: 9090\n"),
    limits: sets!(),
}

row! {
    PORT_RANGE = "api-port-range", refused, "a port that is missing or outside of 1 to 65535",
    what: "Checks ports of containers, probes, Services, Ingresses and NetworkPolicies: there, and 1 to 65535.",
    source: "`IsValidPortNum` (k8s.io/apimachinery, pkg/util/validation).",
    bad: pod!("\n      ports:\n        - containerPort: 80800\n"),
    good: pod!("\n      ports:\n        - containerPort: 8080\n"),
    limits: sets!(),
}

row! {
    PORT_DUPLICATE = "api-port-duplicate", warned, "a container declares one port twice",
    what: "Finds the same `containerPort` and protocol twice in a container. The server stores both with a warning; server-side apply \
           refuses the object, and a strategic merge loses one.",
    source: "`warningsForPodSpec` (pkg/api/pod); `x-kubernetes-list-map-keys` of `ports`.",
    bad: pod!("\n      ports:\n        - name: http\n          containerPort: 8080\n        - name: metrics\n          containerPort: 8080\n"),
    good: pod!("\n      ports:\n        - name: http\n          containerPort: 8080\n"),
}

row! {
    ENV_NAME = "api-env-name", refused, "an environment variable's name is missing or malformed",
    what: "Checks names of environment variables: until Kubernetes 1.31 letters, digits, `-`, `_`, `.`, not starting with a digit; \
           from 1.32 on any printable ASCII but `=`.",
    source: "`ValidateEnv`, feature RelaxedEnvironmentVariableValidation.",
    bad: pod!("\n      env:\n        - name: \"LEVEL=debug\"\n"),
    good: pod!("\n      env:\n        - name: LEVEL\n          value: debug\n"),
    limits: sets!(),
}

row! {
    ENV_DUPLICATE = "api-env-duplicate", warned, "a container sets one variable twice",
    what: "Finds the same name twice in `env`. The last one counts; server-side apply refuses the object, and a strategic merge loses \
           one.",
    source: "`warningsForPodSpec` (pkg/api/pod); `x-kubernetes-list-map-keys` of `env`.",
    bad: pod!("\n      env:\n        - name: LEVEL\n          value: info\n        - name: LEVEL\n          value: debug\n"),
    good: pod!("\n      env:\n        - name: LEVEL\n          value: debug\n"),
}

row! {
    ENV_VALUE_AND_SOURCE = "api-env-value-and-source", refused, "a variable with a value and a source, or with several sources",
    what: "A variable has a `value` or exactly one source in `valueFrom`.",
    source: "`validateEnvVarValueFrom` (pkg/apis/core/validation).",
    bad: pod!("\n      env:\n        - name: LEVEL\n          value: info\n          valueFrom:\n            configMapKeyRef:\n              name: web\n              key: level\n"),
    good: pod!("\n      env:\n        - name: LEVEL\n          valueFrom:\n            configMapKeyRef:\n              name: web\n              key: level\n"),
    limits: "An overlay that changes a value to a source must set `value` to null. In the template of a StatefulSet this fails later up \
             to Kubernetes 1.33 and is refused from 1.34 on.",
}

row! {
    ENV_FROM_SOURCE = "api-env-from-source", refused, "an `envFrom` entry without source, or with two",
    what: "An entry of `envFrom` names exactly one of `configMapRef` and `secretRef`.",
    source: "`ValidateEnvFrom` (pkg/apis/core/validation).",
    bad: pod!("\n      envFrom:\n        - prefix: WEB_\n"),
    good: pod!("\n      envFrom:\n        - prefix: WEB_\n          configMapRef:\n            name: web\n"),
    limits: sets!(),
}

row! {
    VOLUME_MOUNT_UNKNOWN = "api-volume-mount-unknown", refused, "a container mounts a volume that the pod does not have",
    what: "Finds `volumeMounts` and `volumeDevices` whose name is none of the pod's `volumes` (of a StatefulSet also none of its \
           `volumeClaimTemplates`).",
    source: "`ValidateVolumeMounts` (pkg/apis/core/validation).",
    bad: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache\n"),
    good: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache", "\n  volumes:\n    - name: cache\n      emptyDir: {}\n"),
    limits: "A volume that an admission webhook adds, such as that of a sidecar injector, is not known.",
}

row! {
    MOUNT_PATH_DUPLICATE = "api-mount-path-duplicate", refused, "two volumes at one path",
    what: "Finds the same `mountPath` twice in a container, and mounts without path.",
    source: "`ValidateVolumeMounts` (pkg/apis/core/validation).",
    bad: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache\n        - name: cache\n          mountPath: /cache\n          subPath: b", "\n  volumes:\n    - name: cache\n      emptyDir: {}\n"),
    good: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache", "\n  volumes:\n    - name: cache\n      emptyDir: {}\n"),
    limits: sets!(),
}

row! {
    SUB_PATH = "api-sub-path", refused, "a sub path leaves its volume",
    what: "`subPath` and `subPathExpr` are relative, without `..`, and only one of them is there.",
    source: "`ValidateVolumeMounts`, `validateLocalDescendingPath` (pkg/apis/core/validation).",
    bad: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache\n          subPath: /web", "\n  volumes:\n    - name: cache\n      emptyDir: {}\n"),
    good: pod!("\n      volumeMounts:\n        - name: cache\n          mountPath: /cache\n          subPath: web", "\n  volumes:\n    - name: cache\n      emptyDir: {}\n"),
    limits: sets!(),
}

row! {
    REQUESTS_EXCEED_LIMITS = "api-requests-exceed-limits", refused, "a container asks for more than its limit",
    what: "Compares requests with limits, resource by resource. Huge pages and resources with a domain cannot be overcommitted, so \
           theirs must be equal.",
    source: "`ValidateContainerResourceRequirements` (pkg/apis/core/validation).",
    bad: pod!("\n      resources:\n        requests:\n          memory: 1Gi\n        limits:\n          memory: 512Mi\n"),
    good: pod!("\n      resources:\n        requests:\n          memory: 512Mi\n        limits:\n          memory: 512Mi\n"),
    limits: sets!(),
}

row! {
    RESOURCE_NAME = "api-resource-name", refused, "a resource that no container has",
    what: "Checks names in requests and limits: `cpu`, `memory`, `ephemeral-storage`, `hugepages-<size>`, or a name with a domain.",
    source: "`validateContainerResourceName` (pkg/apis/core/validation).",
    bad: pod!("\n      resources:\n        limits:\n          mem: 512Mi\n"),
    good: pod!("\n      resources:\n        limits:\n          memory: 512Mi\n"),
    limits: sets!(),
}

row! {
    PROBE_HANDLER = "api-probe-handler", refused, "a probe or hook that does nothing, or two things",
    what: "A probe has exactly one of `exec`, `httpGet`, `tcpSocket`, `grpc`; a lifecycle hook exactly one of `exec`, `httpGet`, \
           `tcpSocket`, `sleep`; an init container that ends has no probe.",
    source: "`validateHandler`, `validateProbe` (pkg/apis/core/validation).",
    bad: pod!("\n      readinessProbe:\n        periodSeconds: 5\n"),
    good: pod!("\n      readinessProbe:\n        periodSeconds: 5\n        tcpSocket:\n          port: 8080\n"),
    limits: sets!(),
}

row! {
    PROBE_SUCCESS_THRESHOLD = "api-probe-success-threshold", refused, "thresholds and times that a probe cannot have",
    what: "`successThreshold` of liveness and startup probes is 1, and no time or threshold is negative.",
    source: "`validateLivenessProbe`, `validateProbe` (pkg/apis/core/validation).",
    bad: pod!("\n      livenessProbe:\n        successThreshold: 2\n        tcpSocket:\n          port: 8080\n"),
    good: pod!("\n      livenessProbe:\n        tcpSocket:\n          port: 8080\n"),
    limits: sets!(),
}

row! {
    PROBE_PORT_UNKNOWN = "api-probe-port-unknown", later, "a probe names a port that its container does not declare",
    what: "Finds probes and hooks that refer to a port by name where the container has no port of that name. The probe fails for ever.",
    source: "`resolveContainerPort` (pkg/probe).",
    bad: pod!("\n      ports:\n        - name: http\n          containerPort: 8080\n      readinessProbe:\n        tcpSocket:\n          port: web\n"),
    good: pod!("\n      ports:\n        - name: http\n          containerPort: 8080\n      readinessProbe:\n        tcpSocket:\n          port: http\n"),
}

"""The collisions, each with a near-miss: rules.md sections 3.2, 4 and 5.

A maker gets fresh numbers, the namespace and whether to make the near-miss; it returns the rule and the two sides. ` # @here`
marks the lines that a finding must show, ` #ns` the lines that a namespace transformer or the engine can stand for."""

import dataclasses

HERE = " # @here"


@dataclasses.dataclass
class Side:
    """Objects of one deployment."""

    text: str
    namespace: str
    name: str = ""
    # Kind, name, JSON pointer, value and another legal value: for a patch.
    field: tuple = ()
    # The same as a strategic merge patch, with VALUE.
    merge: str = ""
    # Data of a ConfigMap that a generator can make.
    data: dict = dataclasses.field(default_factory=dict)
    # The name starts with the token, so that a prefix can make it.
    prefixed: bool = False


class Numbers:
    """Ports, addresses and names that no other injection has."""

    taken = set()

    def __init__(self, rng, token):
        self.rng, self.token = rng, token

    def fresh(self, low, high):
        while True:
            number = self.rng.randint(low, high)
            if (low, number) not in self.taken:
                self.taken.add((low, number))
                return number

    def address(self):
        number = self.fresh(1, 60000)
        return f"10.{200 + number // 40000}.{number // 200 % 200}.{number % 200 + 1}"


def head(api, kind, name, namespace, here=""):
    return f"---\napiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}{here}\n  namespace: {namespace} #ns\n"


def namespace_object(namespace):
    return f"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n"


def workload(kind, name, namespace, labels, spec="", container="", here=""):
    # A selector of its own, whatever else the pods have.
    pairs = ", ".join(f"{key}: {value}" for key, value in (labels | {"run": name}).items())
    return (
        head("apps/v1", kind, name, namespace)
        + f"spec:\n  selector:\n    matchLabels: {{run: {name}}}\n  template:\n    metadata:\n      labels: {{{pairs}}}{here}\n    spec:\n"
        + spec
        + "      containers:\n        - name: main\n          image: registry.example/app:1.0\n"
        + container
    )


def service(numbers, namespace, name, kind, fields):
    return head("v1", "Service", name, namespace) + f"spec:\n  type: {kind}\n{fields}"


PORT_80 = "  ports:\n    - port: 80\n"


def config_map(numbers, namespace, near):
    name = f"{numbers.token}-settings"
    same = numbers.rng.random() < 0.3
    sides = []
    for index in range(2):
        own = name + ("-b" if near and index else "")
        data = {"mode": "fast" if same or index else "slow", "size": "3"}
        text = head("v1", "ConfigMap", own, namespace, HERE) + "data:\n" + "".join(f'  {k}: "{v}"\n' for k, v in data.items())
        sides.append(Side(text, namespace, own, data=data, prefixed=True))
    return ("own-object-duplicate" if same else "own-object-conflict"), sides


def node_port(numbers, namespace, near):
    port, sides = numbers.fresh(30100, 32700), []
    for index in range(2):
        value = numbers.fresh(30100, 32700) if near and index else port
        name = f"{numbers.token}-svc{index}"
        text = service(numbers, namespace, name, "NodePort", f"  ports:\n    - name: http\n      port: 80\n      nodePort: {value}{HERE}\n")
        merge = (
            f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace} #ns\n"
            "spec:\n  ports:\n    - port: 80\n      nodePort: VALUE\n"
        )
        patch = ("Service", name, "/spec/ports/0/nodePort", value, numbers.fresh(30100, 32700))
        sides.append(Side(text, namespace, name, field=patch, merge=merge))
    return "net-nodeport-taken", sides


def cluster_ip(numbers, namespace, near):
    address, sides = numbers.address(), []
    for index in range(2):
        value = numbers.address() if near and index else address
        name = f"{numbers.token}-svc{index}"
        text = service(numbers, namespace, name, "ClusterIP", f"  clusterIP: {value}{HERE}\n{PORT_80}")
        sides.append(Side(text, namespace, name, field=("Service", name, "/spec/clusterIP", value, numbers.address())))
    return "net-clusterip-taken", sides


def lb_ip(numbers, namespace, near):
    address, sides = numbers.address(), []
    shared = near or numbers.rng.random() < 0.5
    for index in range(2):
        # One key and different ports share; one key and one port do not.
        port = 80 + (index if near else 0)
        name = f"{numbers.token}-svc{index}"
        text = service(numbers, namespace, name, "LoadBalancer", f"  loadBalancerIP: {address}{HERE}\n  ports:\n    - port: {port}\n")
        if shared:
            text = text.replace("spec:\n", f"  annotations:\n    metallb.io/allow-shared-ip: {numbers.token}\nspec:\n")
        sides.append(Side(text, namespace, name, field=("Service", name, "/spec/loadBalancerIP", address, numbers.address())))
    return "net-lb-ip-taken", sides


def ingress(numbers, namespace, near):
    host = f"{numbers.token}.example.com"
    miss = numbers.rng.choice(["longer", "type", "class", "host"]) if near else ""
    sides = []
    for index in range(2):
        second = index == 1
        path = ["/api", "/api2" if miss == "longer" else "/api/"][index]
        name = f"{numbers.token}-web{index}"
        text = head("networking.k8s.io/v1", "Ingress", name, namespace) + (
            f"spec:\n  ingressClassName: {'other' if miss == 'class' and second else 'nginx'}\n  rules:\n"
            f"    - host: {'b-' if miss == 'host' and second else ''}{host}\n      http:\n        paths:\n          - path: {path}{HERE}\n"
            # The trailing slash of an exact path counts: two paths.
            f"            pathType: {'Exact' if miss == 'type' else 'Prefix'}\n"
            f"            backend:\n              service:\n                name: {name}\n                port:\n                  number: 80\n"
        ) + service(numbers, namespace, name, "ClusterIP", PORT_80)
        sides.append(Side(text, namespace, name, field=("Ingress", name, "/spec/rules/0/http/paths/0/path", path, f"/x{index}")))
    return "net-ingress-path-taken", sides


def route(numbers, namespace, near):
    token = numbers.token
    gateway = head("gateway.networking.k8s.io/v1", "Gateway", f"{token}-gw", namespace) + (
        "spec:\n  gatewayClassName: x\n  listeners:\n    - name: http\n      port: 80\n      protocol: HTTP\n"
    )
    miss = numbers.rng.choice(["header", "method", "longer", "host", "exact"]) if near else ""
    sides = []
    for index in range(2):
        second = index == 1
        name = f"{token}-route{index}"
        path = "/cart2" if miss == "longer" and second else ["/cart", "/cart/"][index]
        match = f"        - path:\n            value: {path}{HERE}\n"
        if second:
            match += {
                "exact": "            type: Exact\n",
                "method": "          method: GET\n",
                "header": "          headers:\n            - {name: x-a, value: b}\n",
            }.get(miss, "")
        text = head("gateway.networking.k8s.io/v1", "HTTPRoute", name, namespace) + (
            f"spec:\n  parentRefs:\n    - name: {token}-gw\n  hostnames: [{'b-' if miss == 'host' and second else ''}{token}.example.com]\n"
            f"  rules:\n    - matches:\n{match}      backendRefs:\n        - name: {name}\n          port: 80\n"
        ) + service(numbers, namespace, name, "ClusterIP", PORT_80)
        patch = ("HTTPRoute", name, "/spec/rules/0/matches/0/path/value", path, f"/x{index}")
        sides.append(Side(text + ("" if second else gateway), namespace, name, field=patch))
    return "net-route-match-duplicate", sides


def listener(numbers, namespace, near):
    token = numbers.token
    host = f"{token}.example.com"
    entry = "    - name: {}\n      port: 443\n      protocol: {}\n      hostname: \"{}\"" + HERE + "\n"
    protocol = "TLS" if numbers.rng.random() < 0.3 else "HTTPS"
    one = head("gateway.networking.k8s.io/v1", "Gateway", f"{token}-gw", namespace) + (
        "spec:\n  gatewayClassName: x\n  allowedListeners:\n    namespaces:\n      from: Same\n  listeners:\n" + entry.format("a", "HTTPS", host)
    )
    other = head("gateway.networking.k8s.io/v1", "ListenerSet", f"{token}-set", namespace) + (
        f"spec:\n  parentRef:\n    name: {token}-gw\n  listeners:\n" + entry.format("b", protocol, "*.example.com" if near else host)
    )
    return "net-gateway-listener-conflict", [Side(one, namespace), Side(other, namespace)]


def hijack(numbers, namespace, near):
    token = numbers.token
    own = {"app": token} | ({"part": "a"} if near else {})
    selector = "".join(f"    {key}: {value}\n" for key, value in own.items())
    one = workload("Deployment", f"{token}-a", namespace, own)
    # A map is shown where its first key stands.
    fields = f"{PORT_80}  selector:\n{selector}".replace(f"    app: {token}\n", f"    app: {token}{HERE}\n")
    one += service(numbers, namespace, f"{token}-svc", "ClusterIP", fields)
    other = workload("Deployment", f"{token}-b", namespace, {"app": token}, here=HERE)
    return "sel-service-hijack", [Side(one, namespace), Side(other, namespace)]


def claim(numbers, namespace, near):
    token = numbers.token
    pvc = head("v1", "PersistentVolumeClaim", f"{token}-data", namespace) + (
        "spec:\n  accessModes: [ReadWriteMany]\n  resources:\n    requests:\n      storage: 1Gi\n"
    )
    sides = []
    for index in range(2):
        reads = near and index == 1
        mount = "          volumeMounts:\n            - name: data\n              mountPath: /data\n" + ("              readOnly: true\n" if reads else "")
        spec = f"      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: {token}-data{HERE}\n"
        name = f"{token}-w{index}"
        text = workload("Deployment", name, namespace, {"app": name}, spec, mount)
        patch = ("Deployment", name, "/spec/template/spec/volumes/0/persistentVolumeClaim/claimName", f"{token}-data", f"{token}-none")
        sides.append(Side(text + ("" if index else pvc), namespace, field=patch))
    return "sto-pvc-shared", sides


def scalers(numbers, namespace, near):
    token = numbers.token
    requests = "          resources:\n            requests: {cpu: 10m}\n"
    targets = "".join(workload("Deployment", name, namespace, {"app": name}, container=requests) for name in (f"{token}-w", f"{token}-v"))
    sides = []
    for index in range(2):
        wanted = f"{token}-v" if near and index else f"{token}-w"
        name = f"{token}-hpa{index}"
        text = head("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace) + (
            f"spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: {wanted}{HERE}\n  minReplicas: 1\n  maxReplicas: 3\n"
            "  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target: {type: Utilization, averageUtilization: 80}\n"
        )
        patch = ("HorizontalPodAutoscaler", name, "/spec/scaleTargetRef/name", wanted, f"{token}-none")
        sides.append(Side(text + ("" if index else targets), namespace, field=patch))
    return "sel-hpa-duplicate", sides


def secrets(numbers, namespace, near):
    token = numbers.token
    policy = "    creationPolicy: Merge\n" if near else ""
    one = head("external-secrets.io/v1", "ExternalSecret", f"{token}-es", namespace) + (
        "spec:\n  secretStoreRef: {name: s, kind: ClusterSecretStore}\n  data: [{secretKey: a, remoteRef: {key: a}}]\n"
        f"  target:\n{policy}    name: {token}-tls{HERE}\n"
    )
    other = head("cert-manager.io/v1", "Certificate", f"{token}-cert", namespace) + (
        f"spec:\n  secretName: {token}-tls{HERE}\n  dnsNames: [{token}.example.com]\n  issuerRef: {{name: i, kind: ClusterIssuer}}\n"
    )
    patch = ("Certificate", f"{token}-cert", "/spec/secretName", f"{token}-tls", f"{token}-none")
    return "cfg-secret-two-producers", [Side(one, namespace), Side(other, namespace, field=patch)]


def topics(numbers, namespace, near):
    token, sides = numbers.token, []
    for index in range(2):
        topic = f"{token}-orders" + ("-b" if near and index else "")
        name = f"{token}-t{index}"
        text = head("kafka.strimzi.io/v1beta2", "KafkaTopic", name, namespace) + (
            f"  labels:\n    strimzi.io/cluster: {token}\nspec:\n  topicName: {topic}{HERE}\n  partitions: 3\n"
        )
        sides.append(Side(text, namespace, field=("KafkaTopic", name, "/spec/topicName", topic, f"{token}-none{index}")))
    return "mid-kafka-topic-twice", sides


def mesh(numbers, namespace, near):
    token, sides = numbers.token, []
    for index in range(2):
        host = f"{'b-' if near and index else ''}{token}.example.com"
        name = f"{token}-vs{index}"
        text = head("networking.istio.io/v1", "VirtualService", name, namespace) + (
            f"spec:\n  hosts:\n    - {host}{HERE}\n  http:\n    - route:\n        - destination:\n            host: x.{token}.example.net\n"
        )
        sides.append(Side(text, namespace, field=("VirtualService", name, "/spec/hosts/0", host, f"c{index}-{token}.example.com")))
    return "msh-vs-host-mesh", sides


def host_ports(numbers, namespace, near):
    port, sides = numbers.fresh(20000, 29000), []
    for index in range(2):
        name = f"{numbers.token}-ds{index}"
        protocol = "UDP" if near and index else "TCP"
        ports = f"          ports:\n            - containerPort: 80\n              hostPort: {port}{HERE}\n              protocol: {protocol}\n"
        text = workload("DaemonSet", name, namespace, {"app": name}, "      tolerations: [{operator: Exists}]\n", ports)
        patch = ("DaemonSet", name, "/spec/template/spec/containers/0/ports/0/hostPort", port, numbers.fresh(20000, 29000))
        sides.append(Side(text, namespace, field=patch))
    return "net-hostport-overlap", sides


def budgets(numbers, namespace, near):
    token = numbers.token
    pods = "".join(workload("Deployment", name, namespace, {"app": name}) for name in (f"{token}-w", f"{token}-v"))
    sides = []
    for index in range(2):
        app = f"{token}-v" if near and index else f"{token}-w"
        # A map is shown where its first key stands.
        text = head("policy/v1", "PodDisruptionBudget", f"{token}-pdb{index}", namespace) + (
            f"spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:{HERE}\n      app: {app}\n"
        )
        sides.append(Side(text + ("" if index else pods), namespace))
    return "sel-pdb-overlap", sides


def quota(numbers, namespace, near):
    token = numbers.token
    bound = head("v1", "ResourceQuota", f"{token}-quota", namespace) + f'spec:\n  hard:\n    requests.cpu: "{4 if near else 3}"{HERE}\n'
    container = "          resources:\n            requests: {cpu: 500m}\n"
    text = workload("Deployment", f"{token}-w", namespace, {"app": token}, container=container)
    text = text.replace("spec:\n  selector", f"spec:\n  strategy: {{type: Recreate}}\n  replicas: 8{HERE}\n  selector", 1)
    patch = ("Deployment", f"{token}-w", "/spec/replicas", 8, 1)
    return "cap-quota-exceeded", [Side(bound + namespace_object(namespace), namespace), Side(text, namespace, field=patch)]


def missing(numbers, namespace, near):
    token = numbers.token
    there = head("v1", "ConfigMap", f"{token}-there", namespace) + "data: {a: b}\n"
    optional = near and numbers.rng.random() < 0.5
    name = f"{token}-there" if near and not optional else f"{token}-gone"
    container = f"          envFrom:\n            - configMapRef:\n                name: {name}{HERE}\n" + ("                optional: true\n" if optional else "")
    text = workload("Deployment", f"{token}-w", namespace, {"app": token}, container=container)
    pointer = "/spec/template/spec/containers/0/envFrom/0/configMapRef/name"
    patch = ("Deployment", f"{token}-w", pointer, name, f"{token}-else")
    return "ref-config-missing", [Side(namespace_object(namespace) + there, namespace), Side(text, namespace, field=patch)]


ALL = [
    config_map, node_port, cluster_ip, lb_ip, ingress, route, listener, hijack, claim, scalers, secrets, topics, mesh,
    host_ports, budgets, quota, missing,
]
# Those whose sides may lie in a namespace that others use too.
ENGINE = [config_map, claim, topics, scalers, secrets]

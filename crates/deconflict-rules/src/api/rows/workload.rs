//! Workloads and what keeps them running.

use crate::api::row::{deployment, manifest, row};

row! {
    SELECTOR_EMPTY = "api-selector-empty", refused, "a workload whose selector is missing or matches every pod",
    what: "Finds Deployments, ReplicaSets, DaemonSets and StatefulSets without selector, or with one that requires nothing.",
    source: "`ValidateDeploymentSpec` and its kin (pkg/apis/apps/validation).",
    bad: manifest!("apps/v1", "Deployment", "\nspec:\n  selector: {}\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    good: deployment!("\n"),
}

row! {
    SELECTOR_TEMPLATE_MISMATCH = "api-selector-template-mismatch", refused, "a workload does not select its own pods",
    what: "Compares the selector with the labels of the pod template.",
    source: "`ValidateDeploymentSpec` and its kin (pkg/apis/apps/validation).",
    bad: manifest!("apps/v1", "Deployment", "\nspec:\n  selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    good: deployment!("\n"),
}

row! {
    NEGATIVE_COUNT = "api-negative-count", refused, "less than nothing of something",
    what: "Replicas, seconds and limits of workloads and Jobs are not negative.",
    source: "`ValidateNonnegativeField` (k8s.io/apimachinery, pkg/api/validation).",
    bad: deployment!("\n  replicas: -1\n"),
    good: deployment!("\n  replicas: 0\n"),
}

row! {
    ROLLING_UPDATE = "api-rolling-update", refused, "an update strategy that can never move",
    what: "Deployment: `maxSurge` and `maxUnavailable` are not both 0, `maxUnavailable` is at most 100%, `Recreate` has no \
           `rollingUpdate`. DaemonSet: one of the two is 0, the other is not. StatefulSet: `OnDelete` has no `rollingUpdate`. \
           Percentages are whole numbers with `%`.",
    source: "`ValidateRollingUpdateDeployment`, `ValidateRollingUpdateDaemonSet` (pkg/apis/apps/validation).",
    bad: deployment!("\n  strategy:\n    type: Recreate\n    rollingUpdate:\n      maxSurge: 1\n"),
    good: deployment!("\n  strategy:\n    type: Recreate\n"),
    limits: "An overlay that changes the type must set `rollingUpdate` to null.",
}

row! {
    PROGRESS_DEADLINE = "api-progress-deadline", refused, "a Deployment gives up before a pod can be ready",
    what: "`progressDeadlineSeconds` (600 when absent) is greater than `minReadySeconds`.",
    source: "`ValidateDeploymentSpec` (pkg/apis/apps/validation).",
    bad: deployment!("\n  progressDeadlineSeconds: 30\n  minReadySeconds: 60\n"),
    good: deployment!("\n  progressDeadlineSeconds: 300\n  minReadySeconds: 60\n"),
}

row! {
    PDB_EXCLUSIVE = "api-pdb-exclusive", refused, "a disruption budget with both limits, or that forbids every eviction",
    what: "A PodDisruptionBudget has `minAvailable` or `maxUnavailable`, as a number or a percentage up to 100%. One that allows no \
           eviction at all is a warning: its nodes cannot be drained.",
    source: "`ValidatePodDisruptionBudgetSpec` (pkg/apis/policy/validation).",
    bad: manifest!("policy/v1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: web\n"),
    good: manifest!("policy/v1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: web\n"),
}

row! {
    HPA_BOUNDS = "api-hpa-bounds", refused, "an autoscaler without room or target",
    what: "`minReplicas` is at least 1, `maxReplicas` not less than it, and the target has kind and name.",
    source: "`validateHorizontalPodAutoscalerSpec` (pkg/apis/autoscaling/validation).",
    bad: manifest!("autoscaling/v2", "HorizontalPodAutoscaler", "\nspec:\n  minReplicas: 3\n  maxReplicas: 2\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n"),
    good: manifest!("autoscaling/v2", "HorizontalPodAutoscaler", "\nspec:\n  minReplicas: 2\n  maxReplicas: 3\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n"),
    limits: "`minReplicas: 0` needs the alpha feature gate HPAScaleToZero and is reported.",
}

row! {
    HPA_METRIC = "api-hpa-metric", refused, "a metric of an autoscaler that does not fit its type",
    what: "The source matches `type`, the target has one value, utilization is at least 1, periods are 1 to 1800 seconds and windows \
           0 to 3600.",
    source: "`validateMetricSpec`, `validateScalingRules` (pkg/apis/autoscaling/validation).",
    bad: manifest!("autoscaling/v2", "HorizontalPodAutoscaler", "\nspec:\n  maxReplicas: 3\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          type: Utilization\n          averageUtilization: 0\n"),
    good: manifest!("autoscaling/v2", "HorizontalPodAutoscaler", "\nspec:\n  maxReplicas: 3\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          type: Utilization\n          averageUtilization: 80\n"),
}

row! {
    CRON_SCHEDULE = "api-cron-schedule", refused, "a schedule that cron cannot read",
    what: "Checks `schedule`: five fields within their ranges, or a descriptor such as `@hourly`; no `TZ=` prefix.",
    source: "`validateScheduleFormat` (pkg/apis/batch/validation), robfig/cron's standard parser.",
    bad: manifest!("batch/v1", "CronJob", "\nspec:\n  schedule: \"0 0 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n"),
    good: manifest!("batch/v1", "CronJob", "\nspec:\n  schedule: \"0 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n"),
}

row! {
    CRON_TIMEZONE = "api-cron-timezone", refused, "a time zone that the controller does not know",
    what: "`timeZone` is not empty, not `Local`, and has the form of a name of the IANA database.",
    source: "`validateTimeZone` (pkg/apis/batch/validation).",
    bad: manifest!("batch/v1", "CronJob", "\nspec:\n  schedule: \"0 3 * * *\"\n  timeZone: CEST\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n"),
    good: manifest!("batch/v1", "CronJob", "\nspec:\n  schedule: \"0 3 * * *\"\n  timeZone: Europe/Berlin\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n"),
    limits: "The database is not embedded: a misspelt place within a known area passes.",
}

row! {
    NAME_LENGTH_CRONJOB = "api-name-length-cronjob", refused, "a CronJob's name is longer than 52 characters",
    what: "The controller appends 11 characters to name the Jobs, so a CronJob's name has at most 52.",
    source: "`ValidateCronJobCreate` (pkg/apis/batch/validation).",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a-very-long-name-that-somebody-composed-of-many-parts\n  namespace: web\nspec:\n  schedule: \"0 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n",
    good: manifest!("batch/v1", "CronJob", "\nspec:\n  schedule: \"0 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: web\n              image: nginx:1.27\n"),
}

row! {
    NAME_LENGTH_JOB = "api-name-length-job", refused, "a Job's name is too long for the labels of its pods",
    what: "A Job's name becomes a label, so it has at most 63 characters; of an Indexed Job together with `-` and the last index.",
    source: "`ValidateJob`, `validateJobTemplateSpec` (pkg/apis/batch/validation).",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a-very-long-name-that-somebody-composed-of-many-parts-and-then-some\n  namespace: web\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n",
    good: manifest!("batch/v1", "Job", "\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
}

row! {
    JOB_INDEXED = "api-job-indexed", refused, "a Job's mode and its numbers do not fit",
    what: "An Indexed Job needs `completions` (a Job where `parallelism` is set, a CronJob always), and a `podFailurePolicy` needs \
           `restartPolicy: Never`.",
    source: "`validateJobSpec` (pkg/apis/batch/validation).",
    bad: manifest!("batch/v1", "Job", "\nspec:\n  completionMode: Indexed\n  parallelism: 3\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    good: manifest!("batch/v1", "Job", "\nspec:\n  completionMode: Indexed\n  parallelism: 3\n  completions: 3\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
}

row! {
    JOB_SELECTOR = "api-job-selector", refused, "a Job with a selector of its own",
    what: "The controller chooses a Job's selector; `selector` is refused without `manualSelector: true`.",
    source: "`ValidateJob`, `validateGeneratedSelector` (pkg/apis/batch/validation).",
    bad: manifest!("batch/v1", "Job", "\nspec:\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
    good: manifest!("batch/v1", "Job", "\nspec:\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: web\n          image: nginx:1.27\n"),
}

//! A rule of the check table: data only. One pass over an object finds the violations of all of them.

/// Declares the rule of one row as a `static`: its id, what the API server does (`refused`, `later` for what fails
/// afterwards, `warned`), one line, what it finds, where upstream says so, and the smallest manifests that show it.
/// The page is put together from these, with the headings that all pages have.
macro_rules! row {
    (
        $name:ident = $id:literal, $effect:ident, $summary:literal,
        what: $what:expr,
        source: $source:expr,
        bad: $bad:expr,
        good: $good:expr
        $(, limits: $limits:expr)?
        $(, check: $check:expr)? $(,)?
    ) => {
        #[doc = $summary]
        pub(crate) static $name: $crate::Rule = $crate::Rule {
            meta: deconflict_findings::RuleMeta {
                id: $id,
                summary: $summary,
                docs: concat!(
                    "## What it does\n", $what,
                    "\n\n## Why it matters\n", $crate::api::row::why!($effect),
                    "\n\nSource: ", $source,
                    "\n\n## Example\n```yaml\n", $bad,
                    "```\n\n## Instead\n```yaml\n", $good,
                    "```\n\n## Options\nNone.\n\n## Known limits\n",
                    $crate::api::row::limits!($($limits)?), "\n"
                ),
                severity: $crate::api::row::severity!($effect),
                joins: false,
                default_on: true,
                since: "0.1.0",
                file: file!(),
                line: line!(),
            },
            check: $crate::api::row::check!($($check)?),
        };
    };
}

/// What a violation means for whoever merges it.
macro_rules! why {
    (refused) => {
        "The API server refuses the object. Nothing of it is applied, and what deploys it keeps failing until somebody \
         mends it."
    };
    (later) => {
        "The API server takes the object, and a controller or the kubelet fails afterwards, where nobody looks first."
    };
    (warned) => {
        "The API server takes the object. It does not do what its text says, or it stops working on the next occasion."
    };
}

macro_rules! severity {
    (refused) => {
        deconflict_findings::Severity::Error
    };
    ($other:ident) => {
        deconflict_findings::Severity::Warning
    };
}

macro_rules! limits {
    () => {
        "What admission webhooks and policies of the cluster change or refuse cannot be seen from here."
    };
    ($text:expr) => {
        $text
    };
}

macro_rules! check {
    () => {
        $crate::Check::Server
    };
    ($check:expr) => {
        $check
    };
}

/// A Pod with further lines for its container and for itself.
macro_rules! pod {
    ($container:expr) => {
        $crate::api::row::pod!($container, "")
    };
    ($container:expr, $pod:expr) => {
        concat!(
            "# clusters/prod/web/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: web\nspec:\n  \
             containers:\n    - name: web\n      image: nginx:1.27",
            $container,
            $pod
        )
    };
}

/// A Deployment with further lines for its spec.
macro_rules! deployment {
    ($spec:expr) => {
        concat!(
            "# clusters/prod/web/deployment.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: \
             web\nspec:\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: \
             web\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27",
            $spec
        )
    };
}

/// A manifest of its own: kind with version, name, and what follows `metadata`.
macro_rules! manifest {
    ($api:literal, $kind:literal, $rest:expr) => {
        concat!(
            "# clusters/prod/web/manifest.yaml\napiVersion: ",
            $api,
            "\nkind: ",
            $kind,
            "\nmetadata:\n  name: web\n  namespace: web",
            $rest
        )
    };
    (cluster $api:literal, $kind:literal, $name:literal, $rest:expr) => {
        concat!(
            "# clusters/prod/web/manifest.yaml\napiVersion: ",
            $api,
            "\nkind: ",
            $kind,
            "\nmetadata:\n  name: ",
            $name,
            $rest
        )
    };
}

pub(crate) use {check, deployment, limits, manifest, pod, row, severity, why};

//! Kustomizations of any size.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A base of about `objects` objects (a Deployment, a Service and a ConfigMap in turn, at least one of each) and an overlay
/// that gives them a namespace, a prefix, labels and an image, and patches one of them. Returns the overlay's directory.
pub(super) fn overlay(work: &Path, objects: usize) -> Result<PathBuf, String> {
    let mut base = String::new();
    for number in 0..objects.div_ceil(3).max(1) {
        let _ = write!(
            base,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{number}\nspec:\n  replicas: 2\n  selector:\n    \
             matchLabels:\n      app: web-{number}\n  template:\n    metadata:\n      labels:\n        app: web-{number}\n    \
             spec:\n      containers:\n        - name: web\n          image: example.com/web:1.0\n          envFrom:\n            \
             - configMapRef:\n                name: settings-{number}\n          ports:\n            - containerPort: 8080\n\
             ---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web-{number}\nspec:\n  selector:\n    app: web-{number}\n  \
             ports:\n    - port: 80\n      targetPort: 8080\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  \
             name: settings-{number}\ndata:\n  LEVEL: info\n  NUMBER: \"{number}\"\n---\n"
        );
    }
    write(&work.join("base/all.yaml"), base.trim_end_matches("---\n"))?;
    write(
        &work.join("base/kustomization.yaml"),
        "resources:\n  - all.yaml\n",
    )?;
    write(
        &work.join("overlay/kustomization.yaml"),
        "namespace: team-a\nnamePrefix: prod-\nlabels:\n  - pairs:\n      team: a\nresources:\n  - ../base\nimages:\n  \
         - name: example.com/web\n    newTag: \"2.0\"\npatches:\n  - patch: |\n      apiVersion: apps/v1\n      \
         kind: Deployment\n      metadata:\n        name: web-0\n      spec:\n        replicas: 5\n",
    )?;
    Ok(work.join("overlay"))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    let directory = path.parent().unwrap_or(path);
    std::fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

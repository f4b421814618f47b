//! A small difference for the tests of all formats.

use std::sync::Arc;

use deconflict_files::{Files, Origin};
use deconflict_findings::{
    Change, Coverage, DiffLine, Difference, Effect, FieldPart, Hunk, Judged, LineSide, ObjectRef, Pair,
    Skipped,
};

use crate::fixture::at;

pub(super) fn empty(files: Files) -> Difference {
    Difference {
        judged: Judged {
            kind: "worktree",
            base: Some("main".to_owned()),
            merged: true,
        },
        changes: Vec::new(),
        before: Coverage::default(),
        after: Coverage::default(),
        unseen: Vec::new(),
        conflicts: Vec::new(),
        objects: [12, 13],
        unfinished: Vec::new(),
        files: Arc::new(files),
    }
}

pub(super) fn object(cluster: &str, app: &str, kind: &str, name: &str) -> ObjectRef {
    ObjectRef {
        cluster: Some(cluster.to_owned()),
        kind: kind.to_owned(),
        version: "v1".to_owned(),
        namespace: Some("shop".to_owned()),
        name: name.to_owned(),
        root: Some(format!("apps/{app}/overlays/{cluster}")),
        app: Some(app.to_owned()),
        engine: Some("plain"),
        owner: Some("red".to_owned()),
        ..ObjectRef::default()
    }
}

pub(super) fn both(before: ObjectRef, after: ObjectRef) -> Pair {
    Pair {
        before: Some(before),
        after: Some(after),
    }
}

/// Lines by their first character.
pub(super) fn lines(text: &str, place: Option<Origin>) -> Vec<DiffLine> {
    let line = |line: &str| {
        let (side, at) = match line.chars().next() {
            Some('+') => (LineSide::After, place),
            Some('-') => (LineSide::Before, None),
            _ => (LineSide::Both, None),
        };
        DiffLine {
            side,
            text: line.get(1..).unwrap_or_default().to_owned(),
            at,
        }
    };
    text.lines().map(line).collect()
}

/// One change in two clusters, an object that comes, one that moves; a chart; a conflict.
pub(super) fn difference() -> Difference {
    let files = Files::new();
    let text = "spec:\n  containers:\n    - name: web\n      image: web:2\n";
    let image = at(&files, "apps/web/base/deployment.yaml", text, "web:2");
    let file = at(&files, "apps/web/base/extra.yaml", "kind: ConfigMap\n", "kind");
    let web = |cluster: &str| object(cluster, "web", "Deployment", "web");
    let key = |name: &str| FieldPart::Key(name.to_owned());
    let changed = Change {
        effect: Effect::Changed,
        objects: vec![both(web("prod"), web("prod")), both(web("test"), web("test"))],
        hunks: vec![Hunk {
            field: vec![
                key("spec"),
                key("containers"),
                FieldPart::Item(0, Some("web".to_owned())),
                key("image"),
            ],
            before: 4,
            after: 4,
            lines: lines(
                "   containers:\n-  - image: web:1\n+  - image: web:2\n     name: web",
                Some(image),
            ),
            at: vec![image],
        }],
        note: None,
    };
    let added = Change {
        effect: Effect::Added,
        objects: vec![Pair {
            before: None,
            after: Some(object("prod", "web", "ConfigMap", "extra")),
        }],
        hunks: vec![Hunk {
            field: Vec::new(),
            before: 1,
            after: 1,
            lines: lines("+apiVersion: v1\n+data:\n+  a: \"```@team\"", Some(file)),
            at: vec![file],
        }],
        note: None,
    };
    let moved = Change {
        effect: Effect::Moved,
        objects: vec![both(
            object("prod", "api", "Service", "web"),
            object("prod", "web", "Service", "web"),
        )],
        hunks: Vec::new(),
        note: None,
    };
    let skipped = |path: &str| Skipped {
        path: path.to_owned(),
        reason: "helm",
        detail: "charts are not rendered".to_owned(),
    };
    let mut difference = empty(files);
    difference.changes = vec![changed, added, moved];
    difference.before.skipped = vec![skipped("charts/db")];
    difference.after.skipped = vec![skipped("charts/db"), skipped("charts/new")];
    difference.unseen = vec![skipped("charts/db/values.yaml")];
    difference.conflicts = vec!["apps/x.yaml".to_owned()];
    difference
}

//! A small report for the tests of all formats.

use std::sync::Arc;

use deconflict_files::{Action, Files, Origin, RepoPath, Span};
use deconflict_findings::{
    ClusterRow, Coverage, Finding, Instance, Judged, Label, ObjectRef, PlacementRow, PlacementStatus, Report,
    Secrets, Severity, Skipped, Source, Summary, TrailStep,
};

/// A file in `files`, and the place of the first `needle` in it.
pub(crate) fn at(files: &Files, path: &str, text: &str, needle: &str) -> Origin {
    let file = files.intern(&RepoPath::new(path).expect("a path inside"), &Arc::from(text));
    let start = text.find(needle).expect("the needle is there");
    Origin::new(file, Span::new(start, start + needle.len()))
}

/// An empty report over `files`.
pub(crate) fn empty(files: Files) -> Report {
    Report {
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
        summary: Summary::default(),
        coverage: Coverage::default(),
        findings: Vec::new(),
        placements: Vec::new(),
        clusters: Vec::new(),
        unfinished: Vec::new(),
        secrets: Secrets::new(),
        files: Arc::new(files),
    }
}

/// Two teams, one node port; one side's value came from a patch. A broken file. A secret.
pub(crate) fn report() -> Report {
    let files = Files::new();
    let patch = "apiVersion: v1\nkind: Service\nmetadata:\n  name: api\nspec:\n  ports:\n    - name: http\n      port: 80\n      nodePort: 30080\n";
    let mine = at(
        &files,
        "apps/checkout/api/overlays/prod/service-patch.yaml",
        patch,
        "30080",
    );
    let base = "spec:\n  ports:\n    - nodePort: 30079\n";
    let before = at(&files, "apps/checkout/api/base/service.yaml", base, "30079");
    let other = "a: 1\n".repeat(13) + "      nodePort: 30080\n";
    let theirs = at(&files, "apps/payments/gateway/base/service.yaml", &other, "30080");
    let object = |namespace: &str, name: &str, root: &str| ObjectRef {
        cluster: Some("prod-eu".to_owned()),
        version: "v1".to_owned(),
        kind: "Service".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        root: Some(root.to_owned()),
        app: Some(format!("{namespace}/{name}")),
        engine: Some("plain"),
        owner: Some(namespace.to_owned()),
        ..ObjectRef::default()
    };

    let mut port = Finding::new(
        "net-nodeport-taken",
        Severity::Error,
        "payments and checkout both claim node port 30080 in prod-eu",
        mine,
    );
    port.primary.text = "Service checkout/api (team checkout)".to_owned();
    port.related = vec![Label::new(theirs, "Service payments/gateway (team payments)")];
    port.trail = vec![TrailStep {
        action: Action::Patched,
        at: before,
        detail: "strategic merge patch".to_owned(),
    }];
    port.objects = vec![
        object("checkout", "api", "apps/checkout/api/overlays/prod"),
        object("payments", "gateway", "apps/payments/gateway/overlays/prod"),
    ];
    port.key = Some("30080".to_owned());
    port.notes = vec![
        "the API server refuses whichever is applied second: \"provided port is already allocated\""
            .to_owned(),
    ];
    port.help = Some(
        "drop `nodePort` and let the cluster choose, or take one that is free: 30081, 30082, 30090"
            .to_owned(),
    );
    port.seen_in = vec![Instance {
        cluster: Some("prod-eu".to_owned()),
        root: "apps/checkout/api/overlays/prod".to_owned(),
        old: false,
    }];
    port.fingerprint = "5f3c".to_owned();

    let hazard = at(
        &files,
        "apps/x\u{1b}/bad.yaml",
        "kind: Pod\nkind: \u{1b}[31mPod\n",
        "\u{1b}[31mPod",
    );
    let mut hazard = Finding::new(
        "lay-yaml-hazard",
        Severity::Warning,
        "`kind` stands twice\u{7}",
        hazard,
    );
    hazard.fingerprint = "77aa".to_owned();

    let secret = at(
        &files,
        "apps/x/secret.yaml",
        "data:\n  password: aHVudGVyMg==\n",
        "aHVudGVyMg==",
    );
    let mut secret = Finding::new(
        "own-object-conflict",
        Severity::Info,
        "two values of data.password differ",
        secret,
    );
    secret.primary = Label::secret(secret.primary.at, "differs");
    secret.fingerprint = "0b1d".to_owned();

    let declared = port.primary.at;
    let row = |namespace: &str, app: &str, root: &str, status, reason: Option<&str>, objects| PlacementRow {
        engine: "plain",
        app: Some(app.to_owned()),
        root: Some(root.to_owned()),
        kind: "kustomize",
        cluster: Some("prod-eu".to_owned()),
        namespace: Some(namespace.to_owned()),
        project: None,
        owner: Some(namespace.to_owned()),
        source: Source {
            repo: "self".to_owned(),
            revision: None,
            deployed_by_merge: true,
        },
        declared_at: Some(declared),
        status,
        reason: reason.map(str::to_owned),
        objects,
    };
    let mut report = empty(files);
    report.findings = vec![port, hazard, secret];
    report.summary = Summary {
        errors: 1,
        warnings: 1,
        infos: 1,
        old: 14,
        suppressed: 2,
        files: 4527,
        placements: 383,
        objects: 13238,
        clusters: 1,
    };
    let skip = |path: &str, reason, detail: &str| Skipped {
        path: path.to_owned(),
        reason,
        detail: detail.to_owned(),
    };
    report.coverage = Coverage {
        rendered: 381,
        skipped: vec![
            skip("charts/a", "helm", "a chart"),
            skip("charts/b", "helm", "a chart"),
            skip("infra/x", "remote", "https://example.com/x?ref=v1"),
        ],
    };
    report.clusters = vec![ClusterRow {
        name: "prod-eu".to_owned(),
        class: Some("production".to_owned()),
        kubernetes: Some("1.33".to_owned()),
        placements: 3,
        objects: 4,
    }];
    report.placements = vec![
        row(
            "payments",
            "payments/gateway",
            "apps/payments/gateway/overlays/prod",
            PlacementStatus::Rendered,
            None,
            1,
        ),
        row(
            "checkout",
            "checkout/api",
            "apps/checkout/api/overlays/prod",
            PlacementStatus::Rendered,
            None,
            3,
        ),
        PlacementRow {
            cluster: None,
            ..row("x", "x", "apps/x", PlacementStatus::Failed, Some("not-found"), 0)
        },
    ];
    report
}

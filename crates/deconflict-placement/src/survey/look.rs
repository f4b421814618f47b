//! Is this text a manifest?

use deconflict_kube::{expand_list, is_manifest, text_at};
use deconflict_yaml::{Loaded, Node};
use memchr::memmem;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    /// Holds a manifest, or looks as if it should.
    Manifest {
        /// Values are encrypted with SOPS.
        sealed: bool,
    },
    /// Encrypted as a whole.
    Encrypted,
    /// A Git LFS pointer.
    Pointer,
    /// Not text at all.
    Binary,
    /// Something else.
    Nothing,
}

/// The keys of which a manifest has two (CONTRACT.md, Words).
const KEYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

pub(crate) fn look(loaded: &Loaded) -> Look {
    let text: &str = &loaded.text;
    if loaded.bytes.starts_with(b"\0GITCRYPT") || text.starts_with("$ANSIBLE_VAULT;") {
        return Look::Encrypted;
    }
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Look::Pointer;
    }
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if KEYS.iter().filter(|key| has(key)).count() < 2 {
        // No text of any encoding that YAML knows holds NUL but UTF-16 and UTF-32, which start with their mark.
        let start = &loaded.bytes[..loaded.bytes.len().min(8192)];
        let is_wide = start.starts_with(b"\xff\xfe")
            || start.starts_with(b"\xfe\xff")
            || start.starts_with(b"\0\0\xfe");
        if start.contains(&0) && !is_wide {
            return Look::Binary;
        }
        return Look::Nothing;
    }
    let sealed = has("sops") && has("ENC[");
    if looks_so(text) {
        return Look::Manifest { sealed };
    }
    // Flow style, JSON, indented at the top: ask the parser. What it cannot read is judged by its lines above.
    let parsed = loaded.parsed();
    let holds = parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
        .flat_map(|root| root.items().iter().chain([root]))
        .any(|root| is_manifest(root));
    let broken_json = text.trim_start().starts_with('{') && parsed.problems.iter().any(|p| p.kind.is_fatal());
    if holds || broken_json {
        Look::Manifest { sealed }
    } else {
        Look::Nothing
    }
}

/// True when two of the keys stand at the start of a line of one document.
fn looks_so(text: &str) -> bool {
    let mut seen = [false; 3];
    for line in text.lines() {
        if line.starts_with("---") {
            seen = [false; 3];
        }
        for (at, key) in KEYS.iter().enumerate() {
            let rest = line.strip_prefix(key).map(str::trim_start);
            seen[at] |= rest.is_some_and(|rest| rest.starts_with(':'));
        }
        if seen.iter().filter(|seen| **seen).count() >= 2 {
            return true;
        }
    }
    false
}

/// API groups of files that a tool on a person's machine or in CI reads; no API server serves them.
const CLIENT_SIDE: [&str; 16] = [
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "builtin",
    "cli.kyverno.io",
    "config.kubernetes.io",
    "ctlptl.dev",
    "k3d.io",
    "k3s.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kustomize.config.k8s.io",
    "skaffold",
    "test.gatekeeper.sh",
    "viaduct.ai",
    "client.authentication.k8s.io",
];

/// True when nothing in the file is an object of a cluster. A file that cannot be parsed may be.
pub(crate) fn is_client_side(loaded: &Loaded) -> bool {
    let text: &str = &loaded.text;
    let names = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if looks_so(text) && !CLIENT_SIDE.iter().any(|group| names(group)) && !names_config(text) {
        return false;
    }
    let parsed = loaded.parsed();
    let mut roots = parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref());
    !parsed.problems.iter().any(|problem| problem.kind.is_fatal())
        && roots.all(|root| expand_list(root).iter().all(|root| is_client_side_object(root)))
}

/// True when the word `Config` stands in the text.
fn names_config(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), b"Config").any(|at| {
        let after = text.as_bytes().get(at + b"Config".len());
        after.is_none_or(|byte| !byte.is_ascii_alphanumeric())
    })
}

/// True for settings of a tool, and for what is no manifest.
pub(crate) fn is_client_side_object(root: &Node) -> bool {
    if !is_manifest(root) {
        return true;
    }
    let api = text_at(root, &["apiVersion"]).unwrap_or_default();
    let kind = text_at(root, &["kind"]).unwrap_or_default();
    let group = api.split('/').next().unwrap_or_default();
    CLIENT_SIDE.contains(&group) || (api == "v1" && kind == "Config")
}

/// True for a text that may tell Flux to take variables from somewhere.
pub(crate) fn may_substitute(loaded: &Loaded) -> bool {
    memmem::find(loaded.text.as_bytes(), b"substituteFrom").is_some()
}

/// True when `kustomize.buildOptions` in `argocd-cm`, or the same in an `ArgoCD` of the operator, lifts the load restrictions
/// (Argo CD documentation, "Kustomize Build Options/Parameters"). Which Argo CD it is about shows only after rendering, and
/// not to complain is the lesser mistake.
pub(crate) fn lifts_restrictions(loaded: &Loaded) -> bool {
    if memmem::find(loaded.text.as_bytes(), b"LoadRestrictionsNone").is_none() {
        return false;
    }
    let roots = loaded
        .parsed()
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref());
    roots.flat_map(expand_list).any(|object| {
        let lifts = |text: Option<&str>| text.is_some_and(|text| text.contains("LoadRestrictionsNone"));
        match text_at(&object, &["kind"]) {
            Some("ConfigMap") if text_at(&object, &["metadata", "name"]) == Some("argocd-cm") => {
                let data = object.get("data").map(|data| data.fields()).unwrap_or_default();
                data.iter().any(|field| {
                    field.name().starts_with("kustomize.buildOptions") && lifts(field.value.text())
                })
            }
            Some("ArgoCD") => lifts(text_at(&object, &["spec", "kustomizeBuildOptions"])),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use super::{Look, is_client_side, look};

    fn check(text: &str, expected: Look, client_side: bool) {
        let snapshot = MemoryTree::new().file("f.yaml", text).snapshot();
        let library = Library::new(Arc::new(snapshot), Arc::new(Files::new()));
        let loaded = library.load(&RepoPath::new("f.yaml").unwrap()).unwrap();
        assert_eq!(look(&loaded), expected, "{text}");
        assert_eq!(is_client_side(&loaded), client_side, "{text}");
    }

    #[test]
    fn manifests_are_told_from_other_texts() {
        let plain = Look::Manifest { sealed: false };
        check("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n", plain, false);
        check(r#"{"kind": "Pod", "metadata": {"name": "a"}}"#, plain, false);
        check("\u{7f}ELF\0\0", Look::Binary, false);
        check("kind : Pod\nmetadata: [\n", plain, false);
        check("{\"kind\": \"Pod\", \"metadata\": ", plain, false);
        check("apiVersion: v2\nname: chart\n", Look::Nothing, true);
        check("a:\n  kind: x\n  metadata: y\n", Look::Nothing, true);
        check("kind: x\n---\nmetadata: y\n", Look::Nothing, true);
        check("apiVersion: v1\nkind: Config\n", plain, true);
        check("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n", plain, true);
        check(
            "kind: Secret\nmetadata: {name: a}\ndata: {a: 'ENC[AES256]'}\nsops: {mac: x}\n",
            Look::Manifest { sealed: true },
            false,
        );
        check(
            "version https://git-lfs.github.com/spec/v1\n",
            Look::Pointer,
            true,
        );
    }
}

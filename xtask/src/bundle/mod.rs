//! `cargo xtask bundle`: makes `schemas/kubernetes.bin` and its text dump from published packages.
//!
//! The recipe (needs the package clients `pip` and `cargo`, and a network; nothing else in the project does):
//! - structure, types, required fields, list and merge keys of Kubernetes 1.25 to 1.37: PyPI `kubernetes-validate`;
//! - plural names and scope of its kinds: crate `k8s-openapi`, the newest release that still has each kind;
//! - popular custom resources: crates `kcr_*`, one per API group (structure, required, enums);
//! - closed value sets of built-in fields: `schemas/enums.txt`, kept by hand.

mod crds;
mod encode;
mod enums;
mod graph;
mod native;
mod scopes;

use std::path::{Path, PathBuf};
use std::process::Command;

use graph::Graph;

/// The package that carries Kubernetes' own definitions.
const KUBERNETES_VALIDATE: &str = "kubernetes-validate==1.37.0";
/// The minor versions it holds, oldest first: bit 0 of a version mask is the first of them.
pub(crate) const MINORS: std::ops::RangeInclusive<u16> = 25..=37;

/// Crates of custom resources, one per API group. `kcr_` and the group with underscores.
const CRD_GROUPS: &[&str] = &[
    "acme_cert_manager_io",
    "acid_zalan_do",
    "apiextensions_crossplane_io",
    "argoproj_io",
    "autoscaling_k8s_io",
    "bitnami_com",
    "ceph_rook_io",
    "cert_manager_io",
    "cilium_io",
    "config_gatekeeper_sh",
    "crd_projectcalico_org",
    "elasticsearch_k8s_elastic_co",
    "external_secrets_io",
    "externaldns_k8s_io",
    "flagger_app",
    "gateway_networking_k8s_io",
    "generators_external_secrets_io",
    "getambassador_io",
    "grafana_integreatly_org",
    "helm_toolkit_fluxcd_io",
    "image_toolkit_fluxcd_io",
    "jaegertracing_io",
    "k8s_mariadb_com",
    "kafka_strimzi_io",
    "karpenter_k8s_aws",
    "karpenter_sh",
    "keda_sh",
    "kibana_k8s_elastic_co",
    "kueue_x_k8s_io",
    "kustomize_toolkit_fluxcd_io",
    "kyverno_io",
    "longhorn_io",
    "metallb_io",
    "monitoring_coreos_com",
    "mutations_gatekeeper_sh",
    "networking_istio_io",
    "notification_toolkit_fluxcd_io",
    "opentelemetry_io",
    "operator_tigera_io",
    "pkg_crossplane_io",
    "postgresql_cnpg_io",
    "projectcontour_io",
    "secrets_store_csi_x_k8s_io",
    "security_istio_io",
    "snapshot_storage_k8s_io",
    "source_toolkit_fluxcd_io",
    "telemetry_istio_io",
    "templates_gatekeeper_sh",
    "traefik_io",
    "trust_cert_manager_io",
    "velero_io",
];

/// Fetch the packages, merge them and write the bundle. `work` keeps the downloads.
pub(crate) fn run(project: &Path, work: &Path) -> Result<(), String> {
    let wheel = download_wheel(work)?;
    let crates = vendor_crates(work)?;

    let mut graph = Graph::default();
    native::add(&mut graph, &wheel)?;
    scopes::add(&mut graph, &crates.join("k8s-openapi"))?;
    let schemas = project.join("schemas");
    enums::add(&mut graph, &read(&schemas.join("enums.txt"))?)?;
    for group in CRD_GROUPS {
        crds::add(&mut graph, &crates.join(format!("kcr_{group}")))?;
    }

    graph.prune();
    let (bytes, stored) = encode::encode(&graph)?;
    write(&schemas.join("kubernetes.bin"), &bytes)?;
    write(&schemas.join("kubernetes.txt"), graph.dump(&stored).as_bytes())?;
    println!(
        "{} bytes: {} structs, {} kinds",
        bytes.len(),
        stored.len(),
        graph.kinds.len()
    );
    Ok(())
}

fn download_wheel(work: &Path) -> Result<PathBuf, String> {
    let into = work.join("wheel");
    if !into.join("kubernetes_validate").exists() {
        command(
            Command::new("pip")
                .args(["download", "--quiet", "--no-deps", "--dest"])
                .arg(&into)
                .arg(KUBERNETES_VALIDATE),
        )?;
        let mut files = list(&into)?.into_iter().rev();
        let wheel = files.find(|path| path.extension().is_some_and(|name| name == "whl"));
        let wheel = wheel.ok_or("pip downloaded no wheel")?;
        command(
            Command::new("python3")
                .args(["-m", "zipfile", "-e"])
                .arg(wheel)
                .arg(&into),
        )?;
    }
    Ok(into.join("kubernetes_validate/kubernetes-json-schema"))
}

fn vendor_crates(work: &Path) -> Result<PathBuf, String> {
    let package = work.join("crates");
    let vendored = package.join("vendor");
    if !vendored.exists() {
        std::fs::create_dir_all(package.join("src")).map_err(|error| error.to_string())?;
        write(&package.join("src/lib.rs"), b"")?;
        let mut manifest = String::from(
            "[package]\nname = \"schemas\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             k8s-openapi = { version = \"=0.29.0\", features = [\"v1_37\"] }\n",
        );
        for group in CRD_GROUPS {
            manifest.push_str(&format!("kcr_{group} = \"*\"\n"));
        }
        write(&package.join("Cargo.toml"), manifest.as_bytes())?;
        command(
            Command::new("cargo")
                .args(["vendor", "--quiet", "vendor"])
                .current_dir(&package),
        )?;
    }
    Ok(vendored)
}

fn command(command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}"))
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// The entries of a directory, sorted.
pub(crate) fn list(path: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

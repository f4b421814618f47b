//! HelmReleases: placed, not rendered.

use deconflict_findings::PlacementStatus;
use deconflict_kube::{bool_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use super::artifact::Artifact;
use super::{Pending, named, source_of};
use crate::plan::{Plan, Site};
use crate::{ProblemKind, RootKind, Upkeep};

impl Plan {
    /// Place a HelmRelease. All sources are known by now.
    pub(crate) fn helm_release(&mut self, pending: &Pending) {
        let Pending { site, object } = pending;
        let Some(spec) = object.get("spec").filter(|spec| spec.is_map()) else {
            return;
        };
        let Some(named) = named(object, self.site(*site).placement.namespace.as_deref()) else {
            return;
        };
        self.note_dependencies(*site, true, &named, spec);
        let chart = spec.at_path(&["chart", "spec"]);
        let reference = chart
            .and_then(|chart| chart.get("sourceRef"))
            .or_else(|| spec.get("chartRef"));
        let Some(reference) = reference else { return };
        let chart_name = chart.and_then(|chart| text_at(chart, &["chart"]));
        let source = self.release_source(*site, reference, &named.namespace, chart_name);
        let (cluster, unnamed) = if let Some(source) = &source {
            self.flux_cluster(*site, spec, source, "")
        } else {
            self.source_missing(*site, &named, reference);
            let holder = &self.site(*site).placement;
            (holder.cluster.clone(), holder.unnamed.clone())
        };
        let mut placement = Self::flux_placement(&named, RootKind::Helm);
        // Helm deletes what a new revision does not have.
        placement.upkeep = Upkeep {
            prunes: Some(true),
            recreates: bool_at(spec, &["upgrade", "force"]) == Some(true),
            ..Upkeep::default()
        };
        placement.cluster = cluster;
        placement.unnamed = unnamed;
        let namespace = text_at(spec, &["targetNamespace"]).filter(|text| !text.is_empty());
        placement.namespace = Some(namespace.map_or_else(|| named.namespace.clone(), SmolStr::from));
        match source {
            Some(source @ Artifact::Elsewhere { .. }) => placement.source = source_of(&source),
            Some(source) => {
                placement.source = source_of(&source);
                placement.root = source.resolve(chart_name.unwrap_or_default());
                placement.reason = Some("helm".into());
                if let Some(root) = placement
                    .root
                    .clone()
                    .filter(|root| !self.survey.is_directory(root))
                {
                    placement.status = PlacementStatus::Failed;
                    placement.reason = Some("not-found".into());
                    let at = chart.and_then(|chart| chart.get("chart")).map(|chart| chart.at);
                    self.problem(
                        ProblemKind::PathMissing {
                            app: named.app,
                            path: root,
                        },
                        at,
                    );
                }
            }
            None => {
                placement.source.repo = text_at(reference, &["name"]).unwrap_or_default().to_owned();
                placement.reason = Some("not-found".into());
            }
        }
        self.add(Site::within(*site, placement), SmolStr::default());
    }

    /// Where the chart comes from; a `HelmChart` names a source itself.
    fn release_source(
        &self,
        site: crate::plan::SiteId,
        reference: &Node,
        namespace: &str,
        chart: Option<&str>,
    ) -> Option<Artifact> {
        if text_at(reference, &["kind"]) == Some("HelmChart") {
            let namespace = text_at(reference, &["namespace"]).unwrap_or(namespace);
            let object = self.fact(site, "HelmChart", namespace, text_at(reference, &["name"])?)?;
            let reference = object.at_path(&["spec", "sourceRef"])?;
            let chart = text_at(&object, &["spec", "chart"]);
            return self.artifact(site, reference, namespace, chart.unwrap_or_default(), true);
        }
        self.artifact(site, reference, namespace, chart.unwrap_or_default(), true)
    }
}

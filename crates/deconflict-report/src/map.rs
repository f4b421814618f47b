//! `map`: who deploys what where, as a table by cluster and namespace, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deconflict_findings::{PlacementRow, Report};
use unicode_width::UnicodeWidthStr as _;

use crate::Style;
use crate::json::to_text;
use crate::style::Detail;
use crate::text::{count, escape};
use crate::wire::WireMap;

/// Placements and clusters as JSON.
pub fn map_json(report: &Report) -> String {
    to_text(&WireMap::new(report))
}

/// One table per cluster, sorted by namespace, then application; placements without a cluster come last.
pub fn map_table(report: &Report, style: Style) -> String {
    let mut by_cluster: BTreeMap<(bool, &str), Vec<&PlacementRow>> = BTreeMap::new();
    for cluster in &report.clusters {
        by_cluster.entry((false, &cluster.name)).or_default();
    }
    for row in &report.placements {
        let cluster = row.cluster.as_deref();
        by_cluster
            .entry((cluster.is_none(), cluster.unwrap_or_default()))
            .or_default()
            .push(row);
    }
    let mut out = String::new();
    for ((unplaced, name), mut rows) in by_cluster {
        if !out.is_empty() {
            out.push('\n');
        }
        let title = if unplaced {
            "no known cluster".to_owned()
        } else {
            escape(name).into_owned()
        };
        out.push_str(&heading(report, &title, name, &rows, style));
        rows.sort_by(|a, b| (&a.namespace, &a.app, &a.root).cmp(&(&b.namespace, &b.app, &b.root)));
        table(&mut out, &rows);
        if unplaced && style.detail != Detail::Quiet {
            out.push_str("  these collide with nobody until `clusters[].roots` in deconflict.yaml says where they go\n");
        }
    }
    if out.is_empty() {
        out.push_str("nothing is deployed from here\n");
    }
    out
}

fn heading(report: &Report, title: &str, name: &str, rows: &[&PlacementRow], style: Style) -> String {
    let known = report
        .clusters
        .iter()
        .find(|cluster| cluster.name == name && !name.is_empty());
    let facts = known.map(|cluster| {
        let version = cluster
            .kubernetes
            .as_ref()
            .map(|version| format!("Kubernetes {}", escape(version)));
        let class = cluster.class.as_deref().map(|class| escape(class).into_owned());
        class.into_iter().chain(version).collect::<Vec<_>>().join(", ")
    });
    let facts = facts
        .filter(|facts| !facts.is_empty())
        .map_or_else(String::new, |facts| format!(" ({facts})"));
    let objects = rows.iter().map(|row| row.objects).sum();
    let strong = style.theme().styles.help.bold();
    let title = if style.color {
        strong.style(title).to_string()
    } else {
        title.to_owned()
    };
    format!(
        "{title}{facts}: {}, {}\n",
        count(rows.len(), "placement", "placements"),
        count(objects, "object", "objects")
    )
}

const HEADS: [&str; 6] = ["NAMESPACE", "APPLICATION", "OWNER", "ENGINE", "ROOT", "STATUS"];

fn table(out: &mut String, rows: &[&PlacementRow]) {
    if rows.is_empty() {
        return;
    }
    let mut lines: Vec<[String; 6]> = vec![HEADS.map(str::to_owned)];
    let or_dash = |text: &Option<String>| {
        text.as_deref()
            .map_or_else(|| "-".to_owned(), |text| escape(text).into_owned())
    };
    for row in rows {
        let mut status = row.status.word().to_owned();
        let _ = match &row.reason {
            Some(reason) => write!(status, ": {}", escape(reason)),
            None => write!(status, ", {}", count(row.objects, "object", "objects")),
        };
        let engine = if row.kind == "kustomize" {
            row.engine.to_owned()
        } else {
            format!("{}/{}", row.engine, row.kind)
        };
        let root = match (&row.root, row.source.repo.as_str()) {
            (Some(root), "self") => escape(root).into_owned(),
            (root, repo) => format!(
                "{}{}",
                escape(repo),
                root.as_deref()
                    .map_or_else(String::new, |root| format!(" {}", escape(root)))
            ),
        };
        lines.push([
            or_dash(&row.namespace),
            or_dash(&row.app),
            or_dash(&row.owner),
            engine,
            root,
            status,
        ]);
    }
    let mut widths = [0; 6];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    for line in &lines {
        let mut text = String::from("  ");
        for (cell, width) in line.iter().zip(widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(width - cell.width() + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{map_json, map_table};
    use crate::{Style, fixture};

    #[test]
    fn tables_by_cluster() {
        let want = "\
prod-eu (production, Kubernetes 1.33): 2 placements, 4 objects
  NAMESPACE  APPLICATION       OWNER     ENGINE  ROOT                                 STATUS
  checkout   checkout/api      checkout  plain   apps/checkout/api/overlays/prod      rendered, 3 objects
  payments   payments/gateway  payments  plain   apps/payments/gateway/overlays/prod  rendered, 1 object

no known cluster: 1 placement, 0 objects
  NAMESPACE  APPLICATION  OWNER  ENGINE  ROOT    STATUS
  x          x            x      plain   apps/x  failed: not-found
  these collide with nobody until `clusters[].roots` in deconflict.yaml says where they go
";
        assert_eq!(map_table(&fixture::report(), Style::default()), want);
    }

    #[test]
    fn rows_have_the_promised_fields() {
        let map: serde_json::Value = serde_json::from_str(&map_json(&fixture::report())).unwrap();
        let keys = |value: &serde_json::Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(keys(&map), "schema clusters placements");
        assert_eq!(
            keys(&map["clusters"][0]),
            "name class kubernetes placements objects"
        );
        assert_eq!(
            keys(&map["placements"][0]),
            "engine app root kind cluster namespace project owner source declared_at status reason objects"
        );
        assert_eq!(
            keys(&map["placements"][0]["source"]),
            "repo revision deployed_by_merge"
        );
        assert_eq!(map["placements"][0]["declared_at"]["line"], 9);
    }
}

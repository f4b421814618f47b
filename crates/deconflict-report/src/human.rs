//! `human`: frames with both sides, the trail, the consequence and the help.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use deconflict_findings::{Finding, Report, Severity};

use crate::Style;
use crate::closing::closing_lines;
use crate::diagnostic::{Side, Texts};
use crate::frames::Frames;
use crate::style::Detail;
use crate::text::{count, escape, list, thousands, wrap};
use crate::wire::place;

/// The report for people at a terminal.
pub fn human(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let frames = Frames::new(style);
    // A terminal shows the end first: errors stand last, right above the counts.
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| finding.severity);
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        // What only informs must not bury the rest: five of a rule, then how many more.
        let is_info = finding.severity == Severity::Info;
        let seen = shown.entry(finding.rule).or_default();
        *seen += usize::from(is_info);
        if *seen <= style.list_limit() || !is_info {
            one(&mut out, finding, report, &frames, style);
            out.push('\n');
        }
        let next = findings.get(index + 1);
        if is_info && next.is_none_or(|next| next.severity != Severity::Info) {
            more_infos(&mut out, &shown, style);
        }
    }
    if style.detail != Detail::Quiet {
        out.push_str(&closing_lines(report, style));
    }
    out
}

/// Infos that are not shown, by rule.
fn more_infos(out: &mut String, shown: &BTreeMap<&str, usize>, style: Style) {
    let limit = style.list_limit();
    let rows = shown.iter().filter(|(_, seen)| **seen > limit);
    let rows: Vec<String> = rows
        .map(|(rule, seen)| format!("{} of {rule}", thousands(seen - limit)))
        .collect();
    if !rows.is_empty() {
        let styles = style.theme().styles;
        let text = format!("and {} (-v shows them)", list(&rows, usize::MAX));
        let mut laid_out = String::new();
        wrap(&mut laid_out, &text, "info: ", "      ", style.columns());
        out.push_str(&laid_out.replacen("info", &styles.advice.style("info").to_string(), 1));
        out.push('\n');
    }
}

fn one(out: &mut String, finding: &Finding, report: &Report, frames: &Frames, style: Style) {
    let limit = style.list_limit();
    let headline = (Some(finding.rule), finding.severity, finding.message.as_str());
    let others = finding.related.iter().take(limit);
    let texts = Texts {
        files: &report.files,
        secrets: &report.secrets,
    };
    let diagnostic = Side::new(headline, &finding.primary, others, texts, style);
    // Writing to a String cannot fail.
    let gutter = frames.draw(out, &diagnostic).unwrap_or(1);

    let indent = " ".repeat(gutter + 1);
    let mut below = String::new();
    if finding.related.len() > limit {
        let more = count(finding.related.len() - limit, "more place", "more places");
        wrap(
            &mut below,
            &format!("and {more} (-v shows all)"),
            &indent,
            &indent,
            style.columns(),
        );
    }
    trail(&mut below, finding, report, &indent, limit);
    if let Some(seen) = seen_in(finding, limit) {
        wrap(&mut below, &seen, &indent, &indent, style.columns());
    }
    if let Some(age) = age(finding, limit) {
        wrap(&mut below, &age, &indent, &indent, style.columns());
    }
    for note in &finding.notes {
        wrap(&mut below, &style.words(note), &indent, &indent, style.columns());
    }
    if let Some(help) = &finding.help {
        let painted = style.theme().styles.help.style("help").to_string();
        let mut text = String::new();
        wrap(
            &mut text,
            &style.words(help),
            &format!("{indent}help: "),
            &format!("{indent}      "),
            style.columns(),
        );
        below.push_str(&text.replacen("help", &painted, 1));
    }
    if !below.is_empty() {
        out.push('\n');
        out.push_str(&below);
    }
}

/// One line per step, newest first, each with a place that a terminal makes clickable.
fn trail(out: &mut String, finding: &Finding, report: &Report, indent: &str, limit: usize) {
    for (index, step) in finding.trail.iter().enumerate().take(limit) {
        let lead = if index == 0 { "trail: " } else { "       " };
        let at = place(&report.files, step.at);
        let how = if step.detail.is_empty() {
            String::new()
        } else {
            format!(" ({})", escape(&step.detail))
        };
        let word = step.action.word();
        let line = format!(
            "{indent}{lead}{}:{}:{} {word}{how}\n",
            escape(&at.path),
            at.line,
            at.column
        );
        out.push_str(&line);
    }
    if finding.trail.len() > limit {
        let more = count(finding.trail.len() - limit, "more step", "more steps");
        let _ = writeln!(out, "{indent}       and {more}");
    }
}

/// Where a folded finding was seen, unless the frames and objects already say it.
fn seen_in(finding: &Finding, limit: usize) -> Option<String> {
    let clusters: BTreeSet<&str> = finding
        .seen_in
        .iter()
        .filter_map(|seen| seen.cluster.as_deref())
        .collect();
    let roots: BTreeSet<&str> = finding.seen_in.iter().map(|seen| seen.root.as_str()).collect();
    let sides: BTreeSet<&str> = finding
        .objects
        .iter()
        .filter_map(|object| object.root.as_deref())
        .collect();
    let names = |set: &BTreeSet<&str>| {
        let safe: Vec<String> = set.iter().map(|name| escape(name).into_owned()).collect();
        list(&safe, limit)
    };
    // The headline of a collision names its cluster; where its sides' overlays lie says nothing new.
    let named = finding.objects.first().and_then(|side| side.cluster.as_deref());
    if let (Some(named), true) = (named, finding.objects.len() > 1 && clusters.len() > 1) {
        let others: BTreeSet<&str> = clusters.iter().copied().filter(|name| *name != named).collect();
        return Some(format!("also in {}", names(&others)));
    }
    match (roots.is_subset(&sides) || roots.len() < 2, clusters.len() < 2) {
        (true, true) => None,
        (true, false) => Some(format!(
            "seen in {}: {}",
            count(clusters.len(), "cluster", "clusters"),
            names(&clusters)
        )),
        (false, few_clusters) => {
            let deployments = count(roots.len(), "deployment", "deployments");
            let where_ = if few_clusters {
                String::new()
            } else {
                format!(" of {}", count(clusters.len(), "cluster", "clusters"))
            };
            Some(format!("seen in {deployments}{where_}: {}", names(&roots)))
        }
    }
}

/// What of it was there before.
fn age(finding: &Finding, limit: usize) -> Option<String> {
    if finding.old {
        return Some("it was there before".to_owned());
    }
    let (old, new): (Vec<_>, Vec<_>) = finding.seen_in.iter().partition(|seen| seen.old);
    if old.is_empty() {
        return None;
    }
    let names: BTreeSet<&str> = new
        .into_iter()
        .map(|seen| seen.cluster.as_deref().unwrap_or(&seen.root))
        .collect();
    let names: Vec<String> = names.into_iter().map(|name| escape(name).into_owned()).collect();
    Some(format!(
        "new in {}; elsewhere it was there before",
        list(&names, limit)
    ))
}

#[cfg(test)]
mod tests {
    use deconflict_findings::{Instance, Label};

    use super::human;
    use crate::style::Detail;
    use crate::{Style, fixture};

    #[test]
    fn both_sides_trail_consequence_and_help() {
        let want = "\
info[own-object-conflict]: two values of data.password differ

  ┌─ apps/x/secret.yaml:2:13
2 │   password: ••••••••
  │             ──────── differs

warning[lay-yaml-hazard]: `kind` stands twice\\u{7}

  ┌─ apps/x\\u{1b}/bad.yaml:2:7
2 │ kind: \\u{1b}[31mPod
  │       ─────────────

error[net-nodeport-taken]: payments and checkout both claim node port 30080 in prod-eu

   ┌─ apps/checkout/api/overlays/prod/service-patch.yaml:9:17
 9 │       nodePort: 30080
   │                 ───── Service checkout/api (team checkout)
   ┌─ apps/payments/gateway/base/service.yaml:14:17
14 │       nodePort: 30080
   │                 ───── Service payments/gateway (team payments)

   trail: apps/checkout/api/base/service.yaml:3:17 patched (strategic merge patch)
   the API server refuses whichever is applied second: \"provided port is already allocated\"
   help: drop `nodePort` and let the cluster choose, or take one that is free: 30081, 30082, 30090

checked 4,527 files, 383 placements, 13,238 objects, 1 cluster
not checked: 2 deployments that need Helm, 1 remote base or file (-v lists them; --format json: coverage)
1 error, 1 warning, 1 info; 14 older findings not shown (--show-old); 2 silenced by ignores or contracts
";
        assert_eq!(human(&fixture::report(), Style::default()), want);
    }

    #[test]
    fn plain_terminals_get_ascii() {
        let text = human(
            &fixture::report(),
            Style {
                unicode: false,
                ..Style::default()
            },
        );
        assert!(text.is_ascii(), "{text}");
        let frame = "   --> apps/checkout/api/overlays/prod/service-patch.yaml:9:17
 9 |       nodePort: 30080
   |                 ^^^^^ Service checkout/api (team checkout)
";
        assert!(text.contains(frame), "{text}");
    }

    #[test]
    fn colours_change_nothing_else() {
        let report = fixture::report();
        let mut plain = human(
            &report,
            Style {
                color: true,
                ..Style::default()
            },
        );
        for code in ["\u{1b}[0m", "\u{1b}[2m", "\u{1b}[36m", "\u{1b}[31m", "\u{1b}[33m"] {
            plain = plain.replace(code, "");
        }
        for code in ["\u{1b}[31;1m", "\u{1b}[33;1m", "\u{1b}[36;1m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, human(&report, Style::default()));
    }

    #[test]
    fn rule_ids_lead_to_their_pages() {
        let report = fixture::report();
        let style = Style {
            links: true,
            ..Style::default()
        };
        let linked = human(&report, style);
        let url = deconflict_findings::rule_url("net-nodeport-taken");
        let id = format!("error[\u{1b}]8;;{url}\u{1b}\\net-nodeport-taken\u{1b}]8;;\u{1b}\\]: payments");
        assert!(linked.contains(&id), "{linked:?}");
        // Each link is closed, and nothing else differs.
        assert_eq!(
            linked.matches("\u{1b}]8;;\u{1b}\\").count(),
            report.findings.len()
        );
        let mut plain = String::new();
        for (index, part) in linked.split("\u{1b}]8;;").enumerate() {
            let text = if index == 0 {
                part
            } else {
                part.split_once("\u{1b}\\").expect("its end").1
            };
            plain.push_str(text);
        }
        assert_eq!(plain, human(&report, Style::default()));
    }

    #[test]
    fn infos_do_not_bury_errors() {
        let mut report = fixture::report();
        let error = report.findings.remove(0);
        let info = report.findings.remove(1);
        report.findings = std::iter::repeat_n(info, 7).chain([error]).collect();
        let verbose = Style {
            detail: Detail::Verbose,
            ..Style::default()
        };
        let check = |style: Style, want: usize, more: bool| {
            let text = human(&report, style);
            assert_eq!(text.matches("info[own-object-conflict]").count(), want, "{text}");
            let said = "\n\ninfo: and 2 of own-object-conflict (-v shows them)\n\nerror[net-nodeport-taken]";
            assert_eq!(text.contains(said), more, "{text}");
        };
        check(Style::default(), 5, true);
        check(verbose, 7, false);
    }

    #[test]
    fn many_sides_and_places_are_counted() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        let side = report.findings[0].related[0].at;
        report.findings[0].related = (0..8)
            .map(|number| Label::new(side, format!("side {number}")))
            .collect();
        report.findings[0].objects.truncate(1);
        report.findings[0].seen_in = (0..7)
            .map(|number| Instance {
                cluster: Some(format!("c{}", number % 2)),
                root: format!("root-{number}"),
                old: false,
            })
            .collect();
        let quiet = Style {
            detail: Detail::Quiet,
            ..Style::default()
        };
        let text = human(&report, quiet);
        assert!(text.contains("side 4") && !text.contains("side 5"), "{text}");
        assert!(text.contains("and 3 more places (-v shows all)"), "{text}");
        let seen = "seen in 7 deployments of 2 clusters: root-0, root-1, root-2, root-3, root-4 and 2 more";
        assert!(text.contains(seen), "{text}");
        assert!(
            human(
                &report,
                Style {
                    detail: Detail::Verbose,
                    ..quiet
                }
            )
            .contains("side 7")
        );
    }

    #[test]
    fn what_the_base_has_is_said() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        let mut seen = report.findings[0].seen_in[0].clone();
        seen.old = true;
        seen.cluster = Some("test".to_owned());
        report.findings[0].seen_in.push(seen);
        let text = human(&report, Style::default());
        let part = "   new in prod-eu; elsewhere it was there before\n";
        assert!(text.contains(part), "{text}");
        report.findings[0].old = true;
        let text = human(&report, Style::default());
        assert!(text.contains("   it was there before\n"), "{text}");
        assert!(
            text.ends_with("; 14 older findings; 2 silenced by ignores or contracts\n"),
            "{text}"
        );
        assert!(crate::concise(&report, Style::default()).ends_with(" (old)\n"));
        assert!(crate::github(&report).starts_with("::notice "));
        assert!(crate::markdown(&report, 10_000).contains("<b>old error</b>"));
    }

    #[test]
    fn a_long_label_moves_below_its_line() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        report.findings[0].primary.text = "word ".repeat(16).trim().to_owned();
        let text = human(
            &report,
            Style {
                width: 80,
                detail: Detail::Quiet,
                ..Style::default()
            },
        );
        assert!(
            text.contains("   │                 ─────\n   │ word word"),
            "{text}"
        );
    }

    #[test]
    fn one_line_of_two_sides_is_shown_once() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        report.findings[0].related[0].at = report.findings[0].primary.at;
        let text = human(&report, Style::default());
        let want = "
  ┌─ apps/checkout/api/overlays/prod/service-patch.yaml:9:17
9 │       nodePort: 30080
  │                 ───── Service checkout/api (team checkout)
  │                 Service payments/gateway (team payments)

";
        assert!(text.contains(want), "{text}");
    }

    #[test]
    fn a_span_over_lines_shows_its_first() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        report.findings[0].primary.at.span.start -= 38;
        let text = human(
            &report,
            Style {
                detail: Detail::Quiet,
                ..Style::default()
            },
        );
        assert!(
            text.contains(" 7 │     - name: http\n   │           ──────"),
            "{text}"
        );
    }
}

//! Words, table and sides that the findings about quotas share.

#[cfg(test)]
pub(crate) mod arithmetic;

use deconflict_claims::budget::{Account, Resource, Row};
use deconflict_claims::pods::{Amount, Pod, Resources};
use deconflict_claims::{Placed, Spot};
use deconflict_files::{Files, Origin};
use deconflict_findings::{Finding, Place};
use deconflict_kube::Quantity;

use crate::collision::{Collision, Side, list};
use crate::{ClusterContext, Rule};

/// How many contributors a finding shows.
const SHOWN: usize = 5;

/// An amount as a headline says it: `21 CPU`, `42Gi of memory`, `12 pods`.
pub(crate) fn amount(key: &str, quantity: Quantity) -> String {
    let plain = quantity.in_units();
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    match Resource::of(key) {
        Resource::Pods if plain == "1" => "1 pod".to_owned(),
        Resource::Pods => format!("{plain} pods"),
        Resource::Requests("cpu") => format!("{plain} CPU"),
        Resource::Limits("cpu") => format!("{plain} CPU as limits"),
        Resource::Requests("memory") => format!("{quantity} of memory"),
        Resource::Limits("memory") => format!("{quantity} of memory as limits"),
        _ => format!("{quantity} {key}"),
    }
}

/// An amount as the table says it: `21.0` for CPU, `42Gi` for memory.
pub(crate) fn number(key: &str, quantity: Quantity) -> String {
    match Resource::of(key) {
        Resource::Requests("cpu") | Resource::Limits("cpu") => quantity.in_units(),
        _ => quantity.to_string(),
    }
}

/// `path:line`.
pub(crate) fn place(files: &Files, at: Origin) -> String {
    let file = files.get(at.file);
    let place = Place::of(&file, at.span);
    format!("{}:{}", place.path, place.line)
}

/// Where a workload is declared.
pub(crate) fn declared(pod: &Pod<'_>) -> Spot {
    declared_at(&pod.facts.object)
}

/// Where an object is declared.
pub(crate) fn declared_object(placed: &Placed<'_>) -> Spot {
    declared_at(&placed.facts.object)
}

fn declared_at(object: &deconflict_kube::Object) -> Spot {
    match object.body.at_path(&["metadata", "name"]) {
        Some(name) if name.at == object.declared_at => Spot::of(name),
        _ => Spot::at(object.declared_at),
    }
}

/// The greatest amount that a container of the pod's own says for what `key` counts.
pub(crate) fn stated<'p>(pod: &'p Pod<'_>, key: &str) -> Option<&'p Amount> {
    let of = |resources: &'p Resources| match Resource::of(key) {
        Resource::Requests(name) => resources.requests.get(name),
        Resource::Limits(name) => resources.limits.get(name),
        _ => None,
    };
    let is_own = |name: &str| {
        pod.injected
            .iter()
            .all(|injected| injected.completes || injected.container.name != name)
    };
    let containers = pod.containers.iter().filter(|container| is_own(&container.name));
    let of_containers = containers.rev().filter_map(|container| of(&container.resources));
    of(&pod.template.pod_resources).or_else(|| of_containers.max_by_key(|amount| amount.quantity))
}

/// The name of a workload, with the part of it that the pods are.
pub(crate) fn short(pod: &Pod<'_>) -> String {
    let name = &pod.facts.object.key.name;
    match pod.template.part.as_str() {
        "" => name.to_string(),
        part => format!("{name} {part}"),
    }
}

/// The numbers of an account, then its greatest contributors with the places that set them.
pub(crate) fn table(context: &ClusterContext<'_>, account: &Account<'_, '_>) -> Vec<String> {
    let key = account.resource.as_str();
    let number = |quantity| number(key, quantity);
    let mut lines = vec![format!(
        "{key}   steady {}   at maximum {}   during rollout {}   quota {}",
        number(account.steady),
        number(account.at_max),
        number(account.rollout),
        number(account.hard.quantity),
    )];
    let mut cells: Vec<[String; 4]> = account
        .rows
        .iter()
        .take(SHOWN)
        .map(|row| cells(context, key, row))
        .collect();
    cells.extend(injected(context, account));
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for [name, total, product, places] in &cells {
        let [a, b, c] = widths;
        lines.push(
            format!("  {name:<a$}   {total:>b$}   {product:<c$}   {places}")
                .trim_end()
                .to_owned(),
        );
    }
    if account.rows.len() > SHOWN {
        let rest: Quantity = account.rows[SHOWN..]
            .iter()
            .map(|row| row.own.times(row.pod.counts.steady))
            .sum();
        lines.push(format!(
            "  and {} more with {}",
            account.rows.len() - SHOWN,
            number(rest)
        ));
    }
    if !account.unknown.is_empty() {
        let names: Vec<String> = account.unknown.iter().map(|pod| short(pod)).collect();
        lines.push(format!(
            "not counted, as the configuration lists no nodes for the cluster: {}",
            list(&names, "and")
        ));
    }
    lines
}

fn cells(context: &ClusterContext<'_>, key: &str, row: &Row<'_, '_>) -> [String; 4] {
    let pod = row.pod;
    let count = pod.counts.steady;
    let at = |spot: &Spot| place(context.files, spot.at);
    let mut places = Vec::new();
    if let Some(spot) = &pod.counts.spot {
        places.push(format!("pods {}", at(spot)));
    }
    if let Some(amount) = stated(pod, key) {
        places.push(format!("each {}", at(&amount.spot)));
    }
    if places.is_empty() {
        places.push(at(&declared(pod)));
    }
    [
        short(pod),
        number(key, row.own.times(count)),
        format!("{count} × {}", number(key, row.own)),
        places.join(", "),
    ]
}

/// One line per injector: what its containers take of all pods together.
fn injected(context: &ClusterContext<'_>, account: &Account<'_, '_>) -> Vec<[String; 4]> {
    let key = account.resource.as_str();
    let mut lines = Vec::new();
    let with: Vec<&Row<'_, '_>> = account
        .rows
        .iter()
        .filter(|row| !row.injected().is_zero())
        .collect();
    let mut seen: Vec<String> = Vec::new();
    for row in &with {
        let name = |row: &Row<'_, '_>| {
            let names = row
                .pod
                .injected
                .iter()
                .map(|injected| injected.container.name.to_string());
            names.collect::<Vec<_>>().join(" + ")
        };
        let name_of_row = name(row);
        if seen.contains(&name_of_row) {
            continue;
        }
        let same: Vec<&&Row<'_, '_>> = with.iter().filter(|other| name(other) == name_of_row).collect();
        let pods: u64 = same.iter().map(|row| row.pod.counts.steady).sum();
        let each = row.each.minus(row.own);
        let equal = same.iter().all(|row| row.each.minus(row.own) == each);
        let total: Quantity = same.iter().map(|row| row.injected()).sum();
        let why = row.pod.injected.first().map_or_else(String::new, |injected| {
            format!(
                "injected ({}, {})",
                injected.why,
                place(context.files, injected.spot.at)
            )
        });
        lines.push([
            name_of_row.clone(),
            number(key, total),
            if equal {
                format!("{pods} × {}", number(key, each))
            } else {
                format!("in {pods} pods")
            },
            why,
        ]);
        seen.push(name_of_row);
    }
    lines
}

/// Who takes from it: teams, else applications, with the verb that fits: `payments and search ask`.
pub(crate) fn who_asks(context: &ClusterContext<'_>, account: &Account<'_, '_>) -> String {
    let mut names: Vec<String> = Vec::new();
    for row in &account.rows {
        let name = context.index.workload(row.pod).who().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let verb = if names.len() == 1 { "asks" } else { "ask" };
    format!("{} {verb}", list(&names, "and"))
}

/// ` in namespace shop of prod-eu`.
pub(crate) fn in_namespace(context: &ClusterContext<'_>, namespace: &str) -> String {
    match context.index.name() {
        Some(cluster) => format!(" in namespace {namespace} of {cluster}"),
        None => format!(" in namespace {namespace}"),
    }
}

/// The finding: a side for each of the greatest contributors, at the text that `spot` picks, and the quota.
pub(crate) fn finding(
    context: &ClusterContext<'_>,
    rule: &Rule,
    account: &Account<'_, '_>,
    message: String,
    spot: impl Fn(&Row<'_, '_>) -> (Spot, String),
) -> Option<Finding> {
    let contributors = account.rows.iter().take(SHOWN).map(|row| {
        let (spot, label) = spot(row);
        Side::new(context.index.workload(row.pod), spot).labelled(label)
    });
    let quota = Side::new(account.placed, account.hard.spot.clone())
        .labelled(format!("the quota `{}`", account.placed.facts.object.key.name));
    let collision = Collision::new(context.files, contributors.chain([quota]));
    let mut finding = collision.finding(rule, message)?;
    finding.key = Some(account.resource.to_string());
    finding.notes = table(context, account);
    Some(finding)
}

/// The text that sets how many pods run steadily and what it says; without one the request, else the workload.
pub(crate) fn steady_spot(account: &Account<'_, '_>, row: &Row<'_, '_>) -> (Spot, String) {
    let pod = row.pod;
    let title = format!("{} {}", pod.facts.object.key.kind, short(pod));
    let count = pod.counts.steady;
    let each = number(account.resource, row.own);
    let spot = pod
        .counts
        .spot
        .clone()
        .or_else(|| Some(stated(pod, account.resource)?.spot.clone()))
        .unwrap_or_else(|| declared(pod));
    (spot, format!("{title}: {count} × {each}"))
}

/// `quota shop/compute (owner: platform)`.
pub(crate) fn owner_of(placed: &Placed<'_>) -> String {
    match &placed.owner {
        Some(owner) => format!("the quota (owner: {owner})"),
        None => "the quota".to_owned(),
    }
}

/// What would make it fit: fewer pods of the greatest contributor, or a larger quota.
pub(crate) fn help(account: &Account<'_, '_>) -> String {
    let raise = format!("raise {} to {}", owner_of(account.placed), account.steady);
    let Some(row) = account.rows.first() else {
        return raise;
    };
    let others = account.steady.minus(row.steady());
    match account.hard.quantity.minus(others).fits(row.each) {
        Some(fit) if fit > 0 && row.pod.counts.steady > 1 => {
            let replicas = if fit == 1 { "replica" } else { "replicas" };
            let fits = if fit == 1 { "fits" } else { "fit" };
            format!("{fit} {replicas} of {} {fits}; or {raise}", short(row.pod))
        }
        _ => format!("ask for less; or {raise}"),
    }
}

use std::collections::BTreeMap;

use deconflict_claims::Placed;
use deconflict_kube::{items_at, text_at, text_of};
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::images::{Image, Name, images};
use crate::refs::at;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds images that no policy for signatures covers, in clusters that have one: `verifyImages` of Kyverno, its
    /// ImageValidatingPolicy, or a ClusterImagePolicy of Sigstore's policy-controller.
    ///
    /// ## Why it matters
    /// Whoever wrote the policy believes that what runs is signed. An image from another registry, or a new repository of
    /// the own one, runs without anybody looking.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: policy.sigstore.dev/v1beta1
    /// kind: ClusterImagePolicy
    /// metadata:
    ///   name: signed
    /// spec:
    ///   images:
    ///     - glob: registry.example.com/shop/**
    ///   authorities:
    ///     - keyless:
    ///         url: https://fulcio.example.com
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: ghcr.io/somebody/web:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: policy.sigstore.dev/v1beta1
    /// kind: ClusterImagePolicy
    /// metadata:
    ///   name: signed
    /// spec:
    ///   images:
    ///     - glob: registry.example.com/shop/**
    ///   authorities:
    ///     - keyless:
    ///         url: https://fulcio.example.com
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/shop/web:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Which kinds and namespaces a policy of the cluster selects is not asked, and every `*` stands for any text, so that an
    /// image may be less covered than this says. Policies whose images are not written as patterns count for all of them.
    "sup-signature-uncovered", "no policy for signatures covers an image",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

/// A policy for signatures.
struct Policy<'i> {
    /// The only namespace that it is for; `None` for all.
    namespace: Option<&'i str>,
    /// Patterns; none stands for all images.
    patterns: Vec<&'i str>,
}

impl Policy<'_> {
    fn covers(&self, namespace: Option<&str>, spellings: &[String]) -> bool {
        let all = self.patterns.is_empty();
        (self.namespace.is_none() || self.namespace == namespace)
            && (all
                || self
                    .patterns
                    .iter()
                    .any(|pattern| spellings.iter().any(|text| fits(pattern, text))))
    }
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let policies: Vec<Policy<'_>> = context.index.live().filter_map(policy).collect();
    if policies.is_empty() {
        return;
    }
    // One finding for each repository of images: the first place, and how many more there are.
    let mut uncovered: BTreeMap<String, (&Placed<'_>, Image<'_>, usize)> = BTreeMap::new();
    for placed in context.index.live() {
        for image in images(placed) {
            let spellings = spellings(&image.name);
            let namespace = placed.namespace.as_deref();
            if !policies.iter().any(|policy| policy.covers(namespace, &spellings)) {
                let repository = image.name.repository();
                uncovered.entry(repository).or_insert((placed, image, 0)).2 += 1;
            }
        }
    }
    for (repository, (placed, image, times)) in uncovered {
        let message = format!(
            "container {} of {} runs {repository}, which no policy for signatures covers{}",
            image.container,
            placed.title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = at(context, &RULE, placed, image.node, message) else {
            continue;
        };
        finding.key = Some(repository);
        if times > 1 {
            let more = times - 1;
            let word = if more == 1 {
                "container runs"
            } else {
                "containers run"
            };
            finding.notes.push(format!("{more} more {word} it"));
        }
        finding.notes.push("nothing asks who built it".to_owned());
        finding.help =
            Some("let a policy cover it, or run a copy from a repository that one covers".to_owned());
        sink.report(finding);
    }
}

/// The policy that an object is, if it asks for signatures.
fn policy<'i>(placed: &'i Placed<'_>) -> Option<Policy<'i>> {
    let object = &placed.facts.object;
    let body = &object.body;
    let list = |node: &'i Node, path: &[&str]| -> Vec<&'i str> {
        items_at(node, path).filter_map(text_of).collect()
    };
    let globs = |path: &[&str]| -> Vec<&'i str> {
        items_at(body, path)
            .filter_map(|entry| text_at(entry, &["glob"]))
            .collect()
    };
    let patterns = match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => {
            let rules: Vec<&Node> = items_at(body, &["spec", "rules"])
                .flat_map(|rule| items_at(rule, &["verifyImages"]))
                .collect();
            if rules.is_empty() {
                return None;
            }
            let of = |rule: &&'i Node| match list(rule, &["imageReferences"]) {
                // The older spelling.
                names if names.is_empty() => text_at(rule, &["image"]).into_iter().collect(),
                names => names,
            };
            let all: Vec<Vec<&str>> = rules.iter().map(of).collect();
            // One rule without patterns is for every image.
            if all.iter().any(Vec::is_empty) {
                Vec::new()
            } else {
                all.concat()
            }
        }
        ("policies.kyverno.io", "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy") => {
            globs(&["spec", "matchImageReferences"])
        }
        ("policy.sigstore.dev", "ClusterImagePolicy") => globs(&["spec", "images"]),
        _ => return None,
    };
    Some(Policy {
        namespace: placed.namespace.as_deref(),
        patterns,
    })
}

/// The ways in which the engines write an image before they compare it.
fn spellings(name: &Name<'_>) -> Vec<String> {
    let repository = name.repository();
    let tag = name.tag.unwrap_or("latest");
    let mut found = vec![name.text.to_owned()];
    let mut all = vec![repository.clone()];
    if let Some(rest) = repository.strip_prefix("docker.io/") {
        all.push(format!("index.docker.io/{rest}"));
        all.extend(
            rest.strip_prefix("library/")
                .map(|name| format!("docker.io/{name}")),
        );
    }
    for repository in all {
        found.push(format!("{repository}:{tag}"));
        found.push(repository);
    }
    found
}

/// True when `text` fits `pattern`, in which `*` is any text and `?` one character. Linear but for the last star.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((before, taken)) = star else { return false };
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn pod(image: &str) -> String {
        format!(
            "//- apps/a/web/overlays/prod/p.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers:              [{{name: c, image: \"{image}\"}}]}}\n"
        )
    }

    fn kyverno(kind: &str, namespace: &str, verify: &str) -> String {
        format!(
            "//- infra/k/overlays/prod/k.yaml\napiVersion: kyverno.io/v1\nkind: {kind}\nmetadata: {{name: v{namespace}}}\nspec: {{rules:              [{{name: r, {verify}}}]}}\n"
        )
    }

    #[test]
    fn policies_and_images() {
        let sigstore = |images: &str| {
            format!(
                "//- infra/k/overlays/prod/k.yaml\napiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name:                  v}}\nspec: {{images: [{images}]}}\n"
            )
        };
        let all = |references: &str| {
            kyverno(
                "ClusterPolicy",
                "",
                &format!("verifyImages: [{{imageReferences: [{references}]}}]"),
            )
        };
        for (policy, image, found) in [
            (all("'ghcr.io/acme/*'"), "quay.io/acme/web:1", true),
            (all("'ghcr.io/acme/*'"), "ghcr.io/acme2/web:1", true),
            (all("'ghcr.io/acme/*'"), "ghcr.io/acme/team/web:1", false),
            (
                all("'quay.io/*', 'ghcr.io/acme/*'"),
                "ghcr.io/acme/web@sha256:00",
                false,
            ),
            // A name without registry, in every spelling.
            (all("'docker.io/*'"), "nginx", false),
            (all("'docker.io/nginx:*'"), "nginx", false),
            (
                sigstore("{glob: 'index.docker.io/library/nginx*'}"),
                "nginx:1",
                false,
            ),
            (sigstore("{glob: '**'}"), "quay.io/acme/web:1", false),
            (sigstore("{glob: 'ghcr.io/**'}"), "quay.io/acme/web:1", true),
            // Only in its own namespace.
            (
                kyverno(
                    "Policy",
                    ", namespace: m",
                    "verifyImages: [{imageReferences: ['*']}]",
                ),
                "nginx",
                true,
            ),
            (
                kyverno(
                    "Policy",
                    ", namespace: n",
                    "verifyImages: [{imageReferences: ['*']}]",
                ),
                "nginx",
                false,
            ),
            // A policy about something else, and none.
            (
                kyverno("ClusterPolicy", "", "validate: {message: m}"),
                "nginx",
                false,
            ),
            (String::new(), "nginx", false),
        ] {
            let got = run("sup-signature-uncovered", &(policy.clone() + &pod(image)));
            assert_eq!(!got.is_empty(), found, "{policy}{image}\n{got}");
        }
    }

    #[test]
    fn one_finding_for_a_repository() {
        let policy = kyverno(
            "ClusterPolicy",
            "",
            "verifyImages: [{imageReferences: ['ghcr.io/*']}]",
        );
        let second = pod("nginx:2")
            .replace("prod/p.yaml", "prod/q.yaml")
            .replace("name: p,", "name: q,");
        let got = run("sup-signature-uncovered", &(policy + &pod("nginx:1") + &second));
        assert_eq!(got.matches("warning[").count(), 1, "{got}");
        assert!(got.contains("1 more container runs it"), "{got}");
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*b", "abab", true),
            ("a?c", "ac", false),
            ("**", "", true),
            ("", "a", false),
        ] {
            assert_eq!(super::fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}

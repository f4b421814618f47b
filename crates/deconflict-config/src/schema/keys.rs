//! Every key of `deconflict.yaml` (CONTRACT.md, Configuration).

use super::Format::{Class, Date, Free, Glob, Kubernetes, Name, Object, OneOf, Path, Quantity, Rule};
use super::Shape::{Any, Count, FormVersion, List, Map, Rules, Table, Text, TextOrMap};
use super::{Key, Shape};

const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        about,
        required: false,
        shape,
    }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        about,
        required: true,
        shape,
    }
}

/// The keys at the top of the file.
pub(crate) static TOP: &[Key] = &[
    optional("version", FormVersion, "Version of this file's form: 1."),
    optional(
        "kubernetes",
        Text(Kubernetes),
        "Kubernetes version of clusters that name none; 1.34 when nobody says.",
    ),
    optional(
        "layout",
        Map(LAYOUT),
        "Which directories mean what. Each key replaces its default.",
    ),
    optional(
        "clusters",
        List(&Map(CLUSTER)),
        "Clusters: their class, version, spellings, and what is applied to them.",
    ),
    optional(
        "sources",
        List(&Map(SOURCE)),
        "A path of this repository for what an engine names otherwise.",
    ),
    optional("teams", List(&Map(TEAM)), "Teams, by paths and by namespaces."),
    optional(
        "contracts",
        List(&Map(CONTRACT)),
        "Declared sharing: who lets whom, and until when.",
    ),
    optional(
        "external",
        List(&Map(EXTERNAL)),
        "What exists in the clusters and is made elsewhere.",
    ),
    optional(
        "secret_fields",
        List(&Text(Name)),
        "Fields whose values are never printed, for example *.spec.password.",
    ),
    optional(
        "schemas",
        List(&Map(SCHEMA)),
        "JSON schemas of the repository for files and kinds that deconflict does not know itself.",
    ),
    optional(
        "rules",
        Rules,
        "Settings of rules: \"off\", a severity, or a map of severity and options.",
    ),
    optional(
        "exclude",
        List(&Text(Glob)),
        "Globs of paths that are not looked at.",
    ),
];

static LAYOUT: &[Key] = &[
    optional(
        "apps",
        List(&Text(Glob)),
        "Globs of applications; apps/** when nobody says.",
    ),
    optional(
        "infra",
        List(&Text(Glob)),
        "Globs of shared infrastructure; infra/** and infrastructure/** when nobody says.",
    ),
    optional(
        "policies",
        List(&Text(Glob)),
        "Globs of policies; policies/** when nobody says.",
    ),
];

static CLUSTER: &[Key] = &[
    required(
        "name",
        Text(Name),
        "The cluster's name, as Argo CD registers it and reports show it.",
    ),
    optional(
        "class",
        Text(Class),
        "production, staging, development, …; collisions between teams weigh more in production.",
    ),
    optional("kubernetes", Text(Kubernetes), "Its Kubernetes version."),
    optional(
        "servers",
        List(&Text(Name)),
        "Every spelling of this one cluster: Argo CD server URL or name, Flux kubeConfig Secret.",
    ),
    optional(
        "labels",
        Table(&Text(Free)),
        "Labels that cluster generators of ApplicationSets select on.",
    ),
    optional(
        "manages",
        List(&Text(Glob)),
        "Names or globs of the clusters registered in this one's Argo CD; all when nobody says.",
    ),
    optional(
        "roots",
        List(&TextOrMap(Glob, ROOT)),
        "What is applied to this cluster by hand, or by something that cannot be read.",
    ),
    optional(
        "nodes",
        List(&Map(NODE_POOL)),
        "Node pools: what their nodes can hold.",
    ),
];

static ROOT: &[Key] = &[
    required(
        "path",
        Text(Glob),
        "A glob of directories from the top; without wildcard exactly one directory.",
    ),
    optional("namespace", Text(Name), "Namespace of objects that name none."),
    optional(
        "engine",
        Text(OneOf(&["argocd", "flux", "plain"])),
        "Who applies it; plain when nobody says.",
    ),
    optional(
        "app",
        Text(Name),
        "The application's name, for example argocd/bootstrap.",
    ),
    optional(
        "values",
        List(&Text(Name)),
        "For a chart: values files below the path.",
    ),
    optional("set", Table(&Any), "For a chart: single values."),
];

static NODE_POOL: &[Key] = &[
    required("name", Text(Name), "The pool's name."),
    optional("count", Count, "How many nodes it has; 1 when nobody says."),
    optional("cpu", Text(Quantity), "Allocatable CPU of one node."),
    optional("memory", Text(Quantity), "Allocatable memory of one node."),
    optional("labels", Table(&Text(Free)), "Labels of the nodes."),
    optional("taints", List(&Map(TAINT)), "Taints of the nodes."),
];

static TAINT: &[Key] = &[
    required("key", Text(Name), "The taint's key."),
    optional("value", Text(Free), "The taint's value."),
    required(
        "effect",
        Text(OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"])),
        "What the taint does to pods that do not tolerate it.",
    ),
];

static SOURCE: &[Key] = &[
    required(
        "name",
        Text(Name),
        "A Flux source object (namespace/name), or the URL under which engines know this repository.",
    ),
    optional(
        "path",
        Text(Path),
        "The path it stands for, from the top; the top when nobody says.",
    ),
    optional(
        "branch",
        Text(Name),
        "The branch that merges reach; main when nobody says.",
    ),
];

static TEAM: &[Key] = &[
    required(
        "name",
        Text(Name),
        "The team's name; case and a leading @org/ do not count.",
    ),
    optional(
        "paths",
        List(&Text(Glob)),
        "Globs of paths the team owns; of several teams the most specific glob decides.",
    ),
    optional(
        "namespaces",
        List(&Text(Glob)),
        "Names or globs of namespaces the team owns; several teams may share one.",
    ),
];

static CONTRACT: &[Key] = &[
    required("rule", Text(Rule), "The rule whose findings it covers."),
    optional(
        "object",
        Text(Object),
        "Kind/name or Kind/namespace/name; * stands for anything. Every object when nobody says.",
    ),
    required("allow", List(&Text(Name)), "The teams that may."),
    optional("approved_by", Text(Name), "Who agreed."),
    required("reason", Text(Name), "Why."),
    optional("expires", Text(Date), "The last day it holds, YYYY-MM-DD."),
];

static SCHEMA: &[Key] = &[
    required(
        "schema",
        Text(Path),
        "The JSON schema, a file of this repository, of the draft that $schema names, else 2020-12; a $ref is followed within the repository only.",
    ),
    optional(
        "files",
        List(&Text(Glob)),
        "Globs of YAML and JSON files that it describes.",
    ),
    optional(
        "kinds",
        List(&Text(Name)),
        "Kinds that it describes, as rendered: Kind, or group/Kind.",
    ),
];

static EXTERNAL: &[Key] = &[
    required("kind", Text(Name), "The object's kind."),
    optional("namespace", Text(Name), "Its namespace, if it has one."),
    required("name", Text(Glob), "Its name, or a glob of names."),
];

/// The keys of `deconflict-baseline.yaml`.
pub(crate) static BASELINE: &[Key] = &[
    optional("version", FormVersion, "Version of this file's form: 1."),
    optional(
        "findings",
        List(&Map(ACCEPTED)),
        "Findings that are accepted as they are.",
    ),
];

static ACCEPTED: &[Key] = &[
    optional("path", Text(Free), "Where it stood, for people."),
    required("rule", Text(Name), "The rule."),
    required("fingerprint", Text(Name), "The finding's fingerprint."),
    optional(
        "clusters",
        List(&Text(Name)),
        "The clusters in which it is accepted.",
    ),
];

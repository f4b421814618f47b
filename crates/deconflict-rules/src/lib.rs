//! Floor 7: all rules, one file each, and their list. Only here are ids, severities and wording; the floors below
//! return typed problems and claims.

mod absent;
mod api;
mod argo_application;
mod argo_drift;
mod argo_keys;
mod argo_project;
mod argo_schema;
mod carried;
mod change;
mod collision;
mod compare;
mod config_data;
mod context;
mod engine;
mod files;
#[cfg(test)]
mod fixture;
mod gateway;
mod images;
mod istio;
mod kustomize;
mod list;
mod mixed_routes;
mod netpol;
mod overlap;
mod platform;
mod quota;
mod refs;
mod rule;
mod rules;
mod script;

pub use api::judge_object;
pub use change::{ChangeContext, Reach, ReachContext, judge_updates};
pub use context::{
    ClusterContext, FileContext, FleetContext, ObjectContext, RootContext, ServerContext, Sink,
};
pub use list::{ALL, rule_of};
pub(crate) use rule::rule;
pub use rule::{Check, Rule};

//! The check table, by topic.

pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod meta;
pub(crate) mod network;
pub(crate) mod pod;
pub(crate) mod structure;
pub(crate) mod versions;
pub(crate) mod workload;

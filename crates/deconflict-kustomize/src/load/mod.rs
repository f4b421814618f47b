//! From a directory to the set of objects: paths, kustomization files, accumulation, generators, order of work
//! (kustomize.md sections 2 to 4 and 8, 9).

mod accumulate;
mod accumulated;
mod build;
mod cache;
mod documents;
mod finish;
mod generators;
mod hash;
mod history;
mod kustomization;
mod origin;
mod pairs;
mod patches;
mod paths;
mod plugins;
mod remote;
mod shape;
mod sort;
mod steps;

pub(crate) use build::{Shared, run};

//! What the API server would say: a table of rules, and one pass over an object that finds the violations of all of them.

pub(crate) mod identity;
mod pass;
pub(crate) mod row;
pub(crate) mod rows;

pub use pass::judge_object;

#[cfg(test)]
mod tests;

//! Trees in, reports out.

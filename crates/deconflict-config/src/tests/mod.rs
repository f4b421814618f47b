//! The configuration from text to what is read and what is wrong.

mod corpus;
mod docs;
mod read;

//! YAML text to typed settings, with a diagnostic for every mistake at its place.
//!
//! `yaml` reads a text into nodes that know where they stand, `reader` takes settings out of nodes, `bindings` and
//! `script` are the settings, `guards` what messages need and cost, `vocabulary` the names of a protocol that they may use, `input` a session's parameters;
//! `scenario` is a table of its own form, in which only values are YAML.
//! Is not: a reader of files, nor a judge of protocols.

pub mod bindings;
mod brackets;
pub mod guards;
mod handler;
pub mod input;
pub mod node;
mod reader;
pub mod scenario;
pub mod script;
#[cfg(test)]
mod tests;
pub mod trust;
pub mod vocabulary;
pub mod yaml;

//! The process around a node: clocks, files, threads, handlers and sockets.
//!
//! Is not: where anything is decided about a session; `node` and what is below it decide.

pub mod handlers;

//! The process around a node: clocks, files, threads, handlers and sockets.
//!
//! `desk` has the node and its log, `log` is what is durable, `clock` the time, `directory` what stands in files, `handlers`
//! those who answer for roles, `api` the control interface, `serve` all of it together.
//! Is not: where anything is decided about a session; `node` and what is below it decide.

pub mod api;
pub mod beside;
pub mod clock;
pub mod compare;
pub mod desk;
pub mod directory;
pub mod files;
pub mod generation;
pub mod handlers;
pub mod hub;
pub mod log;
pub mod secret;
pub mod serve;
pub mod shape;
pub mod watch;

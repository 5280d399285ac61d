//! Verbs that talk to an engine, or are one.
//!
//! `serve` is an engine; the others find the engine of a directory by `.laban/address` and `.laban/token` there, ask it
//! over its control interface (`remote`), and show what it says: as lines for people, or as it came (`--format json`).
//! Is not: a second way into the engine; what these verbs can do, every client can.

pub mod remote;
pub mod serve;
pub mod sessions;
pub mod versions;

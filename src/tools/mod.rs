//! One file per verb: sources in, report out.
//!
//! Is not: a reader of files, arguments or terminals; `cli` is. A tool gives text or values and never prints.

pub mod check;
pub mod choose;
pub mod explain;
pub mod fix;
pub mod fmt;

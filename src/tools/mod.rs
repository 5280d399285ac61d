//! One file or folder per verb: sources or verified things in, report out.
//!
//! Is not: a reader of files, arguments or terminals, nor a printer. Text goes to whoever asked for it; `cli`
//! decides where it ends.

pub mod breaking;
pub mod check;
pub mod choose;
pub mod compile;
pub mod explain;
pub mod fix;
pub mod fmt;
pub mod guards;
pub mod init;
pub mod project;
pub mod run;
pub mod scenario;
pub mod trace;
pub mod validate;

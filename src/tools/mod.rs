//! One file or folder per verb: verified things in, report out.
//!
//! Is not: a printer. Lines go to whoever asked for them; `cli` decides where they end.

pub mod project;
pub mod run;
pub mod trace;

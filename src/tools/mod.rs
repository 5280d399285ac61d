//! One file per verb: sources in, report out.
//!
//! Is not: a printer. `cli` decides what goes where.

//! Every test that needs more than one layer, or the command itself.

mod tidy;

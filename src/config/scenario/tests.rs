//! Tables and the diagnostics for their mistakes, side by side.

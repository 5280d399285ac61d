//! Automata to programs: what a role does, as text.

//! Every bound of Laban: a name, a unit, a reason. Beyond a bound there is a coded refusal, never a crash.
//!
//! Is not: a setting. What a user may change lives in `config`, and is checked against these.

/// Bytes of one source file. Larger files are refused unread: no choreography that a person wrote comes near.
pub const SOURCE_BYTES_MAX: usize = 4 << 20;
/// Depth of nested blocks, expressions and types; keeps every recursion of the front end on a small stack.
pub const NESTING_MAX: usize = 64;
/// Mistakes reported for one file; the rest would be noise.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Roles of one protocol after its families are expanded.
pub const ROLES_MAX: usize = 1_024;
/// States of one global automaton, after calls are expanded in place.
pub const STATES_MAX: usize = 400_000;
/// Calls expanded in place for one protocol, nested ones included.
pub const CALLS_MAX: usize = 4_096;
/// Bytes of one configuration file or script. People write them; nothing longer is read.
pub const CONFIG_BYTES_MAX: usize = 1 << 20;
/// Values in one configuration file after its aliases are followed: a short file cannot stand for a long one.
pub const CONFIG_VALUES_MAX: usize = 100_000;
/// Entries in one session's built-in storage, over all roles.
pub const STORAGE_ENTRIES_MAX: usize = 100_000;
/// Lines kept of the built-in console; later ones are counted, not kept.
pub const CONSOLE_LINES_MAX: usize = 10_000;
/// Bytes that one call of `random.bytes` gives.
pub const RANDOM_BYTES_MAX: usize = 65_536;
/// Parts of one generated payload. Beyond it, optional parts and items are left out, then there is none.
pub const GENERATED_PARTS_MAX: usize = 10_000;

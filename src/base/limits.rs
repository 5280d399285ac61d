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
/// States of one unfolding of a global automaton (a turn of a counted loop stands there twice).
pub const UNFOLDED_MAX: usize = 1_000_000;
/// Positions looked at while one protocol is judged, all roles and rounds together; a few seconds of work.
pub const JUDGE_WORK_MAX: u64 = 200_000_000;
/// Positions looked at while selections that are not needed are taken away again; then the rest stays.
pub const PRUNE_WORK_MAX: u64 = 40_000_000;
/// Literal turns of a counted loop that are written out to find how long a channel can grow.
pub const TURNS_UNROLLED_MAX: i64 = 64;

//! What a node keeps: versions of protocols, sessions by number, calls under way, as a function of what was logged.
//!
//! Entries go in with the time at which they were taken; orders come out, which may leave once their entry is durable.
//! Invariant: the same entries give the same state and the same orders, byte for byte, on any machine.
//! Is not: a process. It has no clock, file, thread, socket or randomness; `host` does.

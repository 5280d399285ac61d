//! Handlers as data: what is asked, what is answered, pure built-ins, stand-in participants.
//!
//! Is not: connected to anything. `host` connects real handlers; here everything is a value or a pure function.

pub mod call;

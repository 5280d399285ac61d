//! Laban, a runtime for choreographies: one text says who sends what to whom; this crate proves that it can
//! work, cuts it into one bytecode program per role, and runs those programs under a guard chain.
//!
//! # Layers
//!
//! A module may import only the modules named on its own row; every one of these stands on an earlier row. The
//! test `tidy` parses this table, so what is written here is what is enforced.
//!
//! ```text
//! name     | may import                                                | lives there
//! base     |                                                           | ids, values, limits, time as data, seeded randomness
//! diag     | base                                                      | sources, spans, codes, diagnostics, fixes, rendering to text and JSON
//! config   | base diag                                                 | YAML text to typed settings; no files
//! syntax   | base diag                                                 | text to tree and back: lexer, nom parsers, recovery, formatter
//! global   | base diag syntax                                          | the resolved protocol: names, types, knowledge, and its automaton
//! local    | base diag global                                          | one automaton per role: projection, coherence, liveness, bounds, amendment
//! bytecode | base diag                                                 | the program: opcode table, message types, encoding, verifier, disassembler
//! compile  | base diag global local bytecode                           | automata to program
//! pipeline | base diag syntax global local bytecode compile            | sources to verified programs, or diagnostics (one file)
//! machine  | base bytecode                                             | a role's execution, and a session of them: lanes, mailboxes; inputs to intents
//! journal  | base                                                      | facts: grow-only sets per context, merge, reduction, deltas
//! guard    | base diag config bytecode journal                         | an intent to a cleared effect, or a denial; budgets, receipts, tokens
//! effect   | base diag config bytecode journal                         | handlers as data: calls, answers, pure built-ins, stand-in participants
//! engine   | base diag config bytecode machine journal guard effect    | sessions, scheduler, timers
//! check    | base diag bytecode machine                                | explores every run of the machines
//! node     | base diag config bytecode machine journal guard effect engine | versions, sessions by number, calls under way: what a log replays
//! tools    | base diag config syntax global local bytecode compile pipeline machine journal guard effect engine check | one file per verb: sources in, report out
//! host     | base diag config global local bytecode pipeline machine journal guard effect engine node tools | the process: clock, log, directory, handlers, control interface
//! cli      | base diag config syntax global local bytecode compile pipeline machine journal guard effect engine check node tools host | arguments, files, terminal, exit codes
//! ```

#![forbid(unsafe_code)]
// Lets the generators of `tests/it/worlds` serve unit tests too: they name the crate as its users do.
#[cfg(test)]
extern crate self as laban;

pub mod base;
pub mod bytecode;
pub mod check;
pub mod cli;
pub mod compile;
pub mod config;
pub mod diag;
pub mod effect;
pub mod engine;
pub mod global;
pub mod guard;
pub mod host;
pub mod journal;
pub mod local;
pub mod machine;
pub mod node;
pub mod pipeline;
pub mod syntax;
pub mod tools;

//! The verifier: one program for each rule.

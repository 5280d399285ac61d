//! Bytes: round trips, and refusals of everything else.

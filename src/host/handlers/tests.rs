//! Pieces of handlers, each by itself.

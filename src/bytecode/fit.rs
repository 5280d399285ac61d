//! Whether a value from outside fits a type, and the value as the type has it.

//! All that a plugin author sees: one trait, one macro, plain Rust.

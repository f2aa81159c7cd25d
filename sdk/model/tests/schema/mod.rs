//! Fixtures, and the schemas among them.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{fs, path::Path};

use crate::xmllint;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

pub(crate) fn fixture(name: &str) -> String {
    fs::read_to_string(folder().join(name)).expect(name)
}

pub(crate) fn with_crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Asserts that documents are valid by a schema among the fixtures.
pub(crate) fn validate(schema: &str, documents: &[Vec<u8>]) {
    let complaints = xmllint::complaints(&folder().join(schema), documents);
    assert!(complaints.is_empty(), "{complaints}");
}

//! Fixtures, and the judgement of another program on what we write.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{fs, path::Path, process::Command};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

pub(crate) fn fixture(name: &str) -> String {
    fs::read_to_string(folder().join(name)).expect(name)
}

pub(crate) fn with_crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Has `xmllint` validate documents by a schema among the fixtures; it must be installed (Debian: libxml2-utils).
pub(crate) fn validate(schema: &str, documents: &[Vec<u8>]) {
    let folder_of_documents = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("xmllint");
    let kind = if schema.ends_with(".rng") {
        "--relaxng"
    } else {
        "--schema"
    };
    command
        .args(["--nonet", "--noout", kind])
        .arg(folder().join(schema));
    for (index, document) in documents.iter().enumerate() {
        let file = folder_of_documents.path().join(format!("{index}.xml"));
        fs::write(&file, document).expect("a writable folder");
        command.arg(file);
    }
    let output = command
        .output()
        .expect("xmllint is installed (bash tests/install-peers.sh)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches(" validates\n").count(),
        documents.len(),
        "{said}"
    );
}

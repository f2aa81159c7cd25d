//! The judgement of another program on what we write: xmllint (Debian: libxml2-utils).

use std::{fs, path::Path, process::Command};

/// What xmllint has to say against documents by a schema, XML Schema or Relax NG (`.rng`); nothing when it has looked at each and
/// found it valid.
pub(crate) fn complaints(schema: &Path, documents: &[impl AsRef<[u8]>]) -> String {
    assert!(!documents.is_empty(), "there is something to look at");
    let folder = tempfile::tempdir().expect("a folder for the documents");
    let files = documents.iter().enumerate().map(|(number, document)| {
        let file = folder.path().join(format!("{number}.xml"));
        fs::write(&file, document).expect("a document can be written");
        file
    });
    let is_relax_ng = schema.extension().is_some_and(|kind| kind == "rng");
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout"])
        .arg(if is_relax_ng { "--relaxng" } else { "--schema" })
        .arg(schema)
        .args(files)
        .output()
        .expect("xmllint runs; tests/install-peers.sh installs it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return said;
    }
    let validated = said.lines().filter(|line| line.ends_with(" validates"));
    assert_eq!(
        validated.count(),
        documents.len(),
        "xmllint looks at each: {said}"
    );
    String::new()
}

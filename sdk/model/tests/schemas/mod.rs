//! The XML Schemas of presence documents, by xmllint.

use std::{fs, path::Path, process::Command};

const XMLLINT: &str = "xmllint";

/// What RFC 3863, 4479 and 4480 define, and what some extensions do (RFC 4482, RFC 5196).
const SCHEMAS: [(&str, &str); 5] = [
    ("urn:ietf:params:xml:ns:pidf", "pidf.xsd"),
    ("urn:ietf:params:xml:ns:pidf:data-model", "data-model.xsd"),
    ("urn:ietf:params:xml:ns:pidf:rpid", "rpid.xsd"),
    ("urn:ietf:params:xml:ns:pidf:cipid", "cipid.xsd"),
    ("urn:ietf:params:xml:ns:pidf:caps", "caps.xsd"),
];

/// Asserts that each document is valid by all schemas together; `reference` is the folder that has them.
pub(crate) fn assert_valid(reference: &Path, documents: &[String]) {
    let invalid = invalid(reference, documents);
    assert!(invalid.is_empty(), "{invalid}");
}

/// What xmllint has to say against documents.
pub(crate) fn invalid(reference: &Path, documents: &[String]) -> String {
    assert!(!documents.is_empty(), "there is something to look at");
    let folder = tempfile::tempdir().expect("a folder for the documents");
    let schema = folder.path().join("all.xsd");
    fs::write(&schema, schema_of_all(reference)).expect("the schema can be written");
    let files = documents.iter().enumerate().map(|(number, document)| {
        let file = folder.path().join(format!("{number}.xml"));
        fs::write(&file, document).expect("a document can be written");
        file
    });
    let output = Command::new(XMLLINT)
        .args(["--nonet", "--noout", "--schema"])
        .arg(&schema)
        .args(files)
        .output()
        .expect("xmllint runs; tests/install-peers.sh installs it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        let validated = said
            .lines()
            .filter(|line| line.ends_with(" validates"))
            .count();
        assert_eq!(validated, documents.len(), "xmllint looks at each: {said}");
        return String::new();
    }
    let complaints = said.lines().filter(|line| line.contains("error"));
    complaints.take(20).collect::<Vec<_>>().join("\n")
}

fn schema_of_all(reference: &Path) -> String {
    let folder = reference.join("schemas/python3-sipsimple");
    let imports: String = SCHEMAS
        .iter()
        .map(|(namespace, file)| {
            let location = folder.join(file);
            format!(
                "<xs:import namespace='{namespace}' schemaLocation='{}'/>",
                location.display()
            )
        })
        .collect();
    format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{imports}</xs:schema>")
}

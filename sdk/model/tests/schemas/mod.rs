//! The XML Schemas of presence documents, by xmllint.

use std::{fs, path::Path};

use crate::xmllint;

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

/// What xmllint has to say against documents; at most the first twenty complaints.
pub(crate) fn invalid(reference: &Path, documents: &[String]) -> String {
    let folder = tempfile::tempdir().expect("a folder for the schema");
    let schema = folder.path().join("all.xsd");
    fs::write(&schema, schema_of_all(reference)).expect("the schema can be written");
    let said = xmllint::complaints(&schema, documents);
    let complaints = said.lines().filter(|line| line.contains("error"));
    let complaints: Vec<_> = complaints.take(20).collect();
    assert_eq!(complaints.is_empty(), said.is_empty(), "{said}");
    complaints.join("\n")
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

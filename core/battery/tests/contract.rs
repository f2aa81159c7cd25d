//! The page of the contract, and the clauses that are tried.

use std::{fs, path::Path};

use rialto_battery::CLAUSES;

#[test]
fn page_of_the_contract_has_each_clause_that_is_tried_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/src/guide/contract.md");
    let page = fs::read_to_string(page).unwrap();
    let is_numbered = |line: &&str| {
        line.starts_with("* **")
            && line
                .get(4..)
                .is_some_and(|rest| rest.starts_with(char::is_numeric))
    };
    let written: Vec<_> = page.lines().filter(is_numbered).collect();
    let clause = |clause: &rialto_battery::Clause| {
        format!("* **{}** {} {}", clause.id(), clause.level(), clause.text())
    };
    assert_eq!(written, CLAUSES.iter().map(clause).collect::<Vec<_>>());
}

//! Rules are read as they are written, and what is wrong with them is found where it stands.

use proptest::prelude::*;

use super::{super::tests::any_rules, *};

fn refused(text: &str) -> String {
    text.parse::<PrincipalRules>().unwrap_err().to_string()
}

#[test]
fn every_rule_can_be_written_in_several_ways_and_is_shown_in_one() {
    let text = "# friends\n\nALLOW im:Bob@A.example\r\n  show all to pres:ann@a.example # and her\n\
                Polite-Block\t*@*.far.example When Fetching\nlet Carol@a.example publish";
    let rules: PrincipalRules = text.parse().unwrap();
    assert_eq!(
        rules.to_string(),
        "allow bob@a.example\nallow ann@a.example\npolite-block *@*.far.example when fetching\nlet carol@a.example publish\n"
    );
}

#[test]
fn errors_say_where_what_and_what_to_write() {
    let cases = [
        (
            "allow bob@a.example\n blok eve@a.example",
            "line 2, column 2: no rule begins with `blok`: write allow, show, confirm, block, polite-block, accept, refuse or let",
        ),
        (
            "allow",
            "line 1, column 6: the line ends where an address, `anonymous`, `unauthenticated` or `anyone` is expected",
        ),
        (
            "show some to bob@a.example",
            "line 1, column 6: `some` stands where `all`, `status-only` or `nothing` is expected",
        ),
        (
            "show all bob@a.example",
            "line 1, column 10: `bob@a.example` stands where `to` is expected",
        ),
        (
            "block b*b@a.example",
            "line 1, column 7: `b*b@a.example` means nobody: an asterisk stands for a whole local part or for all first labels",
        ),
        ("block é@é@ x", "line 1, column 7: `é@é@` means nobody: "),
        (
            "allow bob@a.example if fetching",
            "line 1, column 21: `if` stands where `when`, or the end of the line, is expected",
        ),
        (
            "allow bob@a.example when sleeping",
            "line 1, column 26: `sleeping` stands where `subscribing` or `fetching` is expected",
        ),
        (
            "accept bob@a.example",
            "line 1, column 8: `bob@a.example` stands where `messages from` is expected",
        ),
        (
            "refuse messages from anyone when fetching",
            "line 1, column 29: `when` stands behind the end of the rule: a line has one rule",
        ),
        (
            "let anyone publish",
            "line 1, column 5: `anyone` means nobody: ",
        ),
        (
            "let bob@a.example write",
            "line 1, column 19: `write` stands where `publish` is expected",
        ),
    ];
    for (text, expected) in cases {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}

#[test]
fn error_shows_little_of_what_stands_there_and_nothing_that_a_terminal_obeys() {
    let said = refused(&format!("\u{1b}[2J{}", "x".repeat(5_000)));
    assert!(
        said.contains("\\u{1b}[2Jxxx") && said.contains('…'),
        "{said}"
    );
    assert!(said.len() < 250, "{said}");
}

#[test]
fn text_that_is_too_long_is_not_read_and_rules_that_are_too_many_are_not_taken() {
    assert!(refused(&"#".repeat(MAX_TEXT + 1)).contains("at most 1048576 are read"));
    let many = "block eve@a.example\n".repeat(PrincipalRules::MOST + 1);
    assert_eq!(
        refused(&many),
        "line 1001, column 1: there are 1001 rules, at most 1000 are taken; write rules for whole domains"
    );
}

proptest! {
    #[test]
    fn rules_are_read_as_they_are_written(rules in any_rules()) {
        let text = rules.to_string();
        prop_assert_eq!(text.parse::<PrincipalRules>().unwrap(), rules.clone(), "{}", text);
        let lines = rules.watchers().len() + rules.senders().len() + rules.publishers().len();
        prop_assert_eq!(text.lines().count(), lines);
        for line in text.lines() {
            prop_assert_eq!(line.parse::<PrincipalRule>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn any_text_is_rules_or_refused_at_a_place_that_it_has(
        text in "(allow|Block|show|to|from|messages|when|fetching|let|publish|anyone|a@b.c|\\*@b.c|é|#|\n| |[^\\p{Cc}]){0,20}"
    ) {
        match text.parse::<PrincipalRules>() {
            Ok(rules) => prop_assert_eq!(rules.to_string().parse::<PrincipalRules>().unwrap(), rules),
            Err(error) => {
                let line = text.lines().nth(error.line() - 1);
                let longest = line.map(|line| line.chars().count() + 1);
                prop_assert!(longest.is_some_and(|longest| error.column() <= longest), "{}", error);
            }
        }
    }
}

//! `rialto queue` and `rialto trace` of a gateway without plugins: nothing is kept, and operations end at once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;

mod support;

use support::{Place, Running, UNAVAILABLE, USAGE};

const MESSAGE: [&str; 5] = [
    "send",
    "--json",
    "im:a@b.example",
    "im:c@d.example",
    "nobody's business",
];

#[test]
fn trace_tells_the_life_of_an_operation_by_its_identifier_and_not_its_text() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let (_, sent, _) = place.run(&MESSAGE);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let id = sent["transaction_id"].as_str().unwrap();

    let (code, traced, problem) = place.run(&["trace", id]);
    assert_eq!(code, Some(0), "{problem}");
    let lines: Vec<_> = traced.lines().collect();
    assert_eq!(lines.len(), 2, "{traced}");
    assert!(
        lines[0].contains("received") && lines[0].contains("adapter gateway"),
        "{traced}"
    );
    assert!(
        lines[1].contains("answered") && lines[1].contains("reason Unresolvable"),
        "{traced}"
    );
    assert!(!traced.contains("business"), "{traced}");

    let (_, traced, _) = place.run(&["trace", id, "--json"]);
    let traced: Value = serde_json::from_str(&traced).unwrap();
    assert_eq!(traced["lives"][0][1]["status"], "failure");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn trace_of_what_is_not_remembered_fails_and_says_why() {
    let place = Place::with("remembered_steps = 0\n");
    let (mut running, _log) = Running::start(&place);
    let (_, sent, _) = place.run(&MESSAGE);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let (code, _, problem) = place.run(&["trace", sent["transaction_id"].as_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(problem.contains("gateway.remembered_steps"), "{problem}");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn queue_that_is_empty_is_listed_as_such_and_has_no_numbers() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let (code, printed, _) = place.run(&["queue", "list"]);
    assert_eq!((code, &*printed), (Some(0), "nothing is kept\n"));
    let (_, printed, _) = place.run(&["queue", "list", "--json"]);
    let listed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(listed, Value::Array(Vec::new()));
    for verb in [
        ["show", "0"],
        ["retry", "7"],
        ["drop", "18446744073709551615"],
    ] {
        let (code, _, problem) = place.run(&["queue", verb[0], verb[1]]);
        assert_eq!(code, Some(1), "{verb:?}: {problem}");
        assert!(
            problem.contains("nothing is kept under the number"),
            "{problem}"
        );
    }
    let (code, printed, _) = place.run(&["queue", "retry", "--all"]);
    assert_eq!((code, &*printed), (Some(0), "0 to be tried at once\n"));
    assert_eq!(running.terminate(), Some(0));

    let (code, printed, problem) = place.run(&["queue", "list", "--offline"]);
    assert_eq!(
        (code, &*printed),
        (Some(0), "nothing is kept\n"),
        "{problem}"
    );
}

#[test]
fn queue_verbs_say_what_they_need() {
    let place = Place::with("");
    for wrong in [
        &["queue", "retry"][..],
        &["queue", "retry", "1", "--all"],
        &["queue", "drop", "x"],
    ] {
        assert_eq!(place.run(wrong).0, Some(USAGE), "{wrong:?}");
    }
    for not_there in [
        &["queue", "list"][..],
        &["queue", "list", "--offline"],
        &["trace", "x"],
    ] {
        assert_eq!(place.run(not_there).0, Some(UNAVAILABLE), "{not_there:?}");
    }
}

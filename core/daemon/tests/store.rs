//! The store as an operator meets it: where it is, what is wrong with it, what a stopped gateway has left in it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::Read,
    os::unix::fs::{FileExt, PermissionsExt},
    sync::mpsc,
};

use rialto_store::{Batch, Done, EmbeddedStore, Limits, Store, Table};
use serde_json::Value;

mod support;

use support::{CONFIG, DAMAGED, Place, Running, UNAVAILABLE};

/// The file of the database.
fn file(place: &Place) -> std::path::PathBuf {
    place.store().join("store.redb")
}

/// A gateway that ran once.
fn used(more: &str) -> Place {
    let place = Place::with(more);
    let (mut running, _log) = Running::start(&place);
    assert_eq!(running.terminate(), Some(0));
    place
}

#[test]
fn store_is_made_beside_the_configuration_for_its_own_user_alone() {
    let place = used("");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(place.store()), mode(file(&place))), (0o700, 0o600));
}

#[test]
fn check_of_the_configuration_says_where_the_store_is_and_makes_none() {
    let place = Place::with("");
    let (code, printed, problem) = place.run(&["check"]);
    assert_eq!(code, Some(0), "{problem}");
    let folder = place.store().display().to_string();
    assert!(printed.contains(&folder), "{printed}");
    assert!(!place.store().exists());
}

#[test]
fn gateway_without_a_store_runs_and_says_what_that_means() {
    let place = Place::with("[store]\nenabled = false\n");
    let (_, printed, _) = place.run(&["check"]);
    assert!(printed.contains("nothing is kept"), "{printed}");
    let (mut running, mut log) = Running::start(&place);
    let (_, status, _) = place.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["store"], Value::Null);
    assert_eq!(running.terminate(), Some(0));
    log.read_to_string(&mut String::new()).unwrap();
    assert!(!place.store().exists());
}

#[test]
fn status_shows_the_state_of_the_store() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let (code, printed, _) = place.run(&["status"]);
    assert_eq!(code, Some(0));
    assert!(printed.starts_with("ready\n"), "{printed}");
    assert!(printed.contains("store: good"), "{printed}");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn second_gateway_on_the_same_store_is_refused_and_the_first_goes_on() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let other_socket = format!("gateway.control_socket={}/other", place.folder().display());
    let (code, _, problem) = place.run(&["run", "--set", &other_socket]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(problem.contains("in use by another process"), "{problem}");
    assert_eq!(place.run(&["status"]).0, Some(0));
    for verb in ["check", "dump"] {
        let (code, _, problem) = place.run(&["queue", verb]);
        assert_eq!(code, Some(UNAVAILABLE), "{problem}");
        assert!(problem.contains("in use"), "{problem}");
    }
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn store_of_a_stopped_gateway_is_checked_and_dumped() {
    let place = used("");
    let (code, printed, problem) = place.run(&["queue", "check"]);
    assert_eq!(code, Some(0), "{problem}");
    assert!(printed.contains("operations     0 records"), "{printed}");
    assert!(printed.ends_with("sound\n"), "{printed}");
    assert_eq!(
        place.run(&["queue", "dump"]),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn queue_of_a_gateway_that_never_ran_is_absent_and_not_empty() {
    let place = Place::with("");
    for verb in ["check", "dump"] {
        let (code, _, problem) = place.run(&["queue", verb]);
        assert_eq!(code, Some(UNAVAILABLE), "{problem}");
        assert!(problem.contains("there is no store in"), "{problem}");
    }
}

#[test]
fn damaged_store_ends_the_start_and_says_what_to_do() {
    let place = used("");
    let damaged = fs::OpenOptions::new()
        .write(true)
        .open(file(&place))
        .unwrap();
    let length = damaged.metadata().unwrap().len();
    for at in (512..length).step_by(512) {
        damaged.write_all_at(&[0x5a; 64], at).unwrap();
    }
    let (code, _, problem) = place.run(&["run"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(
        problem.contains("is corrupt") && problem.contains("rialto queue dump"),
        "{problem}"
    );
    assert!(!place.socket().exists());
}

#[test]
fn other_peoples_file_in_the_place_of_the_store_is_refused() {
    let place = Place::with("");
    fs::create_dir(place.store()).unwrap();
    fs::write(file(&place), "minutes of the last meeting").unwrap();
    let (code, _, problem) = place.run(&["run"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(problem.contains("move it away"), "{problem}");
}

#[test]
fn folder_that_cannot_be_made_ends_the_start_and_says_why() {
    let place = Place::with("[store]\nfolder = \"rialto.toml/store\"\n");
    let (code, _, problem) = place.run(&["run"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(problem.contains("rialto.toml/store"), "{problem}");
}

#[test]
fn what_is_wrong_with_the_keys_of_the_store_is_told_with_the_line() {
    let place = Place::with("[store]\nmax_size = \"1MiB\"\n");
    let (code, _, problem) = place.run(&["check"]);
    assert_eq!(code, Some(CONFIG));
    let line = problem.contains("rialto.toml:4: `store.max_size`: out of range");
    assert!(line && problem.contains("16MiB or more"), "{problem}");
}

/// A store with one record, put there by somebody else.
fn with_record(place: &Place, record: &'static [u8]) {
    let store = EmbeddedStore::open(place.store(), Limits::default()).unwrap();
    let mut batch = Batch::new();
    batch.put(Table::Operations, 7_u64.to_be_bytes().to_vec(), record);
    let (sender, safe) = mpsc::channel();
    store.commit(
        batch,
        Done::call(move |result| sender.send(result).unwrap()),
    );
    safe.recv().unwrap().unwrap();
}

#[test]
fn record_that_cannot_be_taken_up_ends_the_start_until_it_is_taken_out() {
    for (record, why) in [
        (&[9, 1][..], "a later version of the gateway"),
        (&[1, 77][..], "its kind is unknown"),
    ] {
        let place = Place::with("");
        with_record(&place, record);
        let (code, _, problem) = place.run(&["run"]);
        assert_eq!(code, Some(UNAVAILABLE), "{problem}");
        assert!(
            problem.contains("record 7 of the") && problem.contains(why),
            "{problem}"
        );

        let (code, _, problem) = place.run(&["queue", "list", "--offline"]);
        assert_eq!(code, Some(DAMAGED), "{problem}");
        let (code, dumped, _) = place.run(&["queue", "dump"]);
        assert!(code == Some(0) && dumped.contains(why), "{dumped}");

        let (code, _, problem) = place.run(&["queue", "drop", "8", "--offline"]);
        assert_eq!(code, Some(1), "{problem}");
        let (code, _, problem) = place.run(&["queue", "drop", "7", "--offline"]);
        assert_eq!(code, Some(0), "{problem}");
        let (mut running, _log) = Running::start(&place);
        assert_eq!(running.terminate(), Some(0));
    }
}

#[test]
fn secret_by_which_messages_are_named_is_made_once_for_the_gateways_user_alone() {
    let place = used("");
    let secret = file(&place).with_file_name("names.key");
    let made = fs::read(&secret).unwrap();
    assert_eq!(made.len(), 16);
    let mode = fs::metadata(&secret).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (mut running, _log) = Running::start(&place);
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(fs::read(&secret).unwrap(), made);

    fs::write(&secret, "short").unwrap();
    let (code, _, problem) = place.run(&["run"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(
        problem.contains("names.key is no key of a gateway"),
        "{problem}"
    );
}

//! The binary as a process: signals, streams that nobody reads, exit codes. Without plugins.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    io::Read,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixStream},
    process::Command,
    thread,
};

mod support;

use support::{CONFIG, Place, Running, UNAVAILABLE, USAGE};

#[test]
fn term_ends_the_gateway_in_order_and_removes_its_socket() {
    let place = Place::with("");
    let (mut running, mut log) = Running::start(&place);
    assert_eq!(place.run(&["status"]).0, Some(0));
    assert_eq!(running.terminate(), Some(0));
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("stopped"), "{rest}");
    assert!(!place.socket().exists());
}

#[test]
fn gateway_goes_on_when_nobody_reads_its_log() {
    let place = Place::with("[log]\nfilter = \"trace\"\n");
    let (mut running, log) = Running::start(&place);
    drop(log);
    let message = ["send", "im:a@b.example", "im:c@d.example", "hello"];
    for _ in 0..3 {
        let (code, _, problem) = place.run(&message);
        assert_eq!(code, Some(1), "{problem}");
        assert!(problem.starts_with("Unresolvable"), "{problem}");
    }
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn second_gateway_with_the_same_socket_is_refused_and_the_first_goes_on() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let (code, _, problem) = place.run(&["run"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(problem.contains("another gateway"), "{problem}");
    assert_eq!(place.run(&["status"]).0, Some(0));
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn ready_file_that_cannot_be_written_ends_the_run_and_leaves_no_socket() {
    let place = Place::with("");
    let (code, _, problem) = place.run(&["run", "--ready-file", "/nonexistent/ready"]);
    assert_eq!(code, Some(UNAVAILABLE), "{problem}");
    assert!(!place.socket().exists());
}

#[test]
fn connection_that_hangs_does_not_keep_the_gateway_from_ending() {
    let place = Place::with("");
    let (mut running, _log) = Running::start(&place);
    let _silent: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(place.socket()).unwrap())
        .collect();
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn output_that_nobody_reads_is_no_panic() {
    let place = Place::with("");
    for arguments in [
        &["check"][..],
        &["plugins", "/none"],
        &["plugins", "--json", "/none"],
    ] {
        let mut child = place.rialto(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = thread::spawn(move || child.wait_with_output())
            .join()
            .unwrap();
        let problem = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(!problem.contains("panicked"), "{problem}");
    }
}

#[test]
fn path_that_is_no_text_is_reported_and_no_panic() {
    let place = Place::with("");
    for flags in [&["plugins"][..], &["plugins", "--json"]] {
        let mut command = place.rialto(flags);
        let output = command.arg(OsStr::from_bytes(b"/tmp/\xFF.so")).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(UNAVAILABLE));
        assert!(!output.stdout.is_empty());
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_rialto"));
    let path = OsStr::from_bytes(b"/tmp/\xFF.toml");
    let output = command.arg("--config").arg(path).arg("check").output();
    assert_eq!(output.unwrap().status.code(), Some(CONFIG));
}

#[test]
fn exit_codes_tell_usage_from_configuration_from_what_is_not_there() {
    let place = Place::with("[adapters.x]\nplugin = \"nowhere\"\n");
    let cases = [
        (&["check"][..], UNAVAILABLE),
        (&["resolve", "im:a@b.example"], UNAVAILABLE),
        (&["resolve", "fred"], USAGE),
        (&["send", "fred", "im:a@b.example", "hello"], USAGE),
        (
            &["send", "im:c@b.example", "im:a@b.example", "hello"],
            UNAVAILABLE,
        ),
        (&["status"], UNAVAILABLE),
        (&["check", "--set", "gateway.shards=0"], CONFIG),
        (&["check", "--set", "log.filter=a=b=c"], CONFIG),
    ];
    for (arguments, expected) in cases {
        let (code, printed, problem) = place.run(arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {printed}{problem}");
    }
    assert_eq!(
        Place::with("").run(&["resolve", "im:a@b.example"]).0,
        Some(CONFIG)
    );
}

#[test]
fn check_reports_what_is_wrong_with_files_and_with_plugins_in_one_run() {
    let place = Place::with("drian = \"5s\"\n[adapters.x]\nplugin = \"nowhere\"\n");
    let (code, _, problem) = place.run(&["check"]);
    assert_eq!(code, Some(CONFIG));
    assert!(
        problem.contains("gateway.drian") && problem.contains("adapters.x.plugin"),
        "{problem}"
    );
}

#[test]
fn plugins_are_verified_by_place_and_digest_without_being_opened() {
    let place = Place::with("");
    let file = place.folder().join("liberty.so");
    fs::write(&file, "abc").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let file = file.to_str().unwrap();
    let (code, digest, _) = place.run(&["plugins", "digest", file]);
    let sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((code, digest), (Some(0), format!("{sha256}  {file}\n")));
    let verify = |settings: &[&str]| {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        place.run(
            &settings
                .chain(["plugins", "verify", file])
                .collect::<Vec<_>>(),
        )
    };
    let listed = format!("plugins.allow=[\"{sha256}\"]");
    assert_eq!(verify(&[&listed]).0, Some(0));
    let (code, printed, _) = verify(&["plugins.allow=[]"]);
    assert_eq!(code, Some(UNAVAILABLE));
    assert!(
        printed.contains(&format!("{sha256} is not among")),
        "{printed}"
    );
    let (code, _, problem) = verify(&["plugins.allow=[\"sha1:ab\"]"]);
    assert_eq!(code, Some(CONFIG));
    assert!(problem.contains("this is no digest"), "{problem}");
    let (code, _, problem) = verify(&["plugins.trusted_keys=[]"]);
    assert_eq!(code, Some(CONFIG));
    assert!(problem.contains("no key is named"), "{problem}");
    fs::set_permissions(file, Permissions::from_mode(0o646)).unwrap();
    let (code, printed, _) = verify(&[]);
    assert_eq!(code, Some(UNAVAILABLE));
    assert!(printed.contains("can be changed by everybody"), "{printed}");
}

//! The binary as a process: signals, streams that nobody reads, exit codes. Without plugins.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::{ffi::OsStrExt, net::UnixStream, process::ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

/// `sysexits.h`.
const USAGE: i32 = 64;
const UNAVAILABLE: i32 = 69;
const CONFIG: i32 = 78;

struct Place(TempDir);

impl Place {
    /// A gateway without adapters, and what else is said.
    fn with(more: &str) -> Self {
        let place = Self(TempDir::new().unwrap());
        let socket = place.socket();
        let text = format!("[gateway]\ncontrol_socket = {socket:?}\n{more}");
        fs::write(place.0.path().join("rialto.toml"), text).unwrap();
        place
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("control")
    }

    fn rialto(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto"));
        command
            .arg("--config")
            .arg(self.0.path().join("rialto.toml"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Exit code, what was printed, what was complained of.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.rialto(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

/// A running gateway, killed in the end if it did not end before.
struct Running(Child);

impl Running {
    /// Returns when its log says that it is ready.
    fn start(place: &Place) -> (Self, BufReader<impl Read>) {
        let mut running = Self(place.rialto(&["run"]).spawn().unwrap());
        let mut log = BufReader::new(running.0.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before");
        }
        (running, log)
    }

    /// Sends TERM and waits for the end.
    fn terminate(&mut self) -> Option<i32> {
        let process = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status();
        assert!(sent.unwrap().success());
        let status = self.0.wait().unwrap();
        assert_eq!(status.signal(), None);
        status.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

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

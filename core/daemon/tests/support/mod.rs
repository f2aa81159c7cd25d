//! The binary with a configuration of its own, and a running gateway of it.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

use tempfile::TempDir;

/// `sysexits.h`.
pub(crate) const USAGE: i32 = 64;
pub(crate) const DAMAGED: i32 = 65;
pub(crate) const UNAVAILABLE: i32 = 69;
pub(crate) const CONFIG: i32 = 78;

pub(crate) struct Place(TempDir);

impl Place {
    /// A gateway without adapters, and what else is said.
    pub(crate) fn with(more: &str) -> Self {
        let place = Self(TempDir::new().unwrap());
        let socket = place.socket();
        let text = format!("[gateway]\ncontrol_socket = {socket:?}\n{more}");
        fs::write(place.0.path().join("rialto.toml"), text).unwrap();
        place
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Where the store is, if nothing else is said.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder().join("store")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.path().join("control")
    }

    pub(crate) fn rialto(&self, arguments: &[&str]) -> Command {
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
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
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
pub(crate) struct Running(Child);

impl Running {
    /// Returns when its log says that it is ready.
    pub(crate) fn start(place: &Place) -> (Self, BufReader<ChildStderr>) {
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
    pub(crate) fn terminate(&mut self) -> Option<i32> {
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

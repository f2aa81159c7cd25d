//! Linphone's console, from its Debian package (linphone-cli): a SIP user's phone without a screen and a sound card.
//!
//! It watches its friends, says on its standard output how each of them is, and shows itself to them as long as it runs.

use std::net::SocketAddr;

use tempfile::TempDir;

use super::{filled, folder, sipp::SIP_HOST, write};
use crate::{
    ports::{Port, Transport, is_listening},
    process::{Process, tethered},
};

/// A running Linphone with one account that needs no registrar.
#[derive(Debug)]
pub struct Linphone {
    process: Process,
    /// How much of its output was looked at.
    read: usize,
    port: Port,
    _folder: TempDir,
}

impl Linphone {
    /// Starts a phone for the account on this port, which sends everything through the gateway at this address and watches its friends.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start(port: Port, account: &str, gateway: SocketAddr, friends: &[&str]) -> Self {
        let folder = folder("linphone");
        let friends = friends.iter().enumerate().map(|(number, friend)| {
            format!("\n[friend_{number}]\nurl={friend}\npol=accept\nsubscribe=1\n")
        });
        let config = filled(
            "linphone/linphonerc",
            &[
                ("PORT", &port.number().to_string()),
                ("HOST", &SIP_HOST.to_string()),
                ("GATEWAY", &gateway.to_string()),
                ("ACCOUNT", account),
                ("FRIENDS", &friends.collect::<String>()),
            ],
        );
        let file = folder.path().join("linphonerc");
        write(&file, config);
        // It keeps what it has seen in a folder that it does not make.
        write(&folder.path().join(".local/share/linphone/made"), "");
        let mut command = tethered("linphonec");
        command.arg("-c").arg(file).env("HOME", folder.path());
        let process = Process::spawn("linphone", command);
        process.await_state("listener", || is_listening(Transport::Udp, port.number()));
        Self {
            process,
            read: 0,
            port,
            _folder: folder,
        }
    }

    /// Waits until it says that a friend is like this, and has not said so before.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_friend(&mut self, friend: &str, status: &str) {
        let before = self.read;
        let what = format!("{friend} as {status}");
        self.read = self.process.await_stdout(&what, |output| {
            let news = output.get(before..).unwrap_or_default();
            let lines = news.split_inclusive(|byte| *byte == b'\n');
            let mut end = before;
            lines.into_iter().find_map(|line| {
                end += line.len();
                let line = String::from_utf8_lossy(line);
                let is_it = line.contains(friend) && line.ends_with(&format!(" is {status}\n"));
                is_it.then_some(end)
            })
        });
    }

    /// Ends it as its user would: it says good-bye.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn quit(mut self) {
        self.process.write(b"quit\n");
        self.process.await_exit();
    }

    /// Ends it as a crash would; its port is free for another.
    pub fn kill(mut self) -> Port {
        self.process.kill();
        self.port
    }
}

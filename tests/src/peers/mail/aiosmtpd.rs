//! A mail server of aiosmtpd's, which has neither PIPELINING nor DSN nor SMTPUTF8.

use serde_json::Value;

use super::MAIL_HOST;
use crate::{
    peers::{scripts, slixmpp},
    ports::Port,
    process::{Process, tethered},
    transcript::holds,
};

/// A running server.
#[derive(Debug)]
pub struct Aiosmtpd {
    process: Process,
    port: Port,
    taken: usize,
}

impl Aiosmtpd {
    /// Starts it; `protocol` is `smtp` or `lmtp`.
    pub fn start(protocol: &str) -> Self {
        let port = Port::take();
        let mut command = tethered(&slixmpp::python().display().to_string());
        command
            .arg(scripts().join("mail/server.py"))
            .args([protocol, &MAIL_HOST.to_string()])
            .arg(port.number().to_string());
        let process = Process::spawn("aiosmtpd", command);
        process.await_stdout("readiness", holds("ready\n"));
        Self {
            process,
            port,
            taken: 0,
        }
    }

    /// Where it is.
    pub fn address(&self) -> String {
        format!("{MAIL_HOST}:{}", self.port.number())
    }

    /// Takes the next mail: `from`, `to`, `options` and `mail`.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> Value {
        let before = self.taken;
        self.taken += 1;
        self.process.await_stdout("mail", |log| {
            let log = String::from_utf8_lossy(log);
            let mut lines = log.lines().filter(|line| line.starts_with('{'));
            lines
                .nth(before)
                .and_then(|line| serde_json::from_str(line).ok())
        })
    }
}

//! swaks, which sends one mail and shows what was said.

use std::net::SocketAddr;

use crate::process::{Process, tethered};

/// A mail to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Swaks<'a> {
    /// The server.
    pub server: SocketAddr,
    /// The reverse-path.
    pub from: &'a str,
    /// The recipients.
    pub to: &'a [&'a str],
    /// Header and body, with LF or CRLF between lines.
    pub mail: &'a str,
    /// Further options of swaks.
    pub options: &'a [&'a str],
}

impl Swaks<'_> {
    /// Sends it, and gives the transcript.
    ///
    /// # Panics
    /// When swaks does not end.
    pub fn send(&self) -> String {
        let mut command = tethered("swaks");
        command
            .args(["--server", &self.server.to_string()])
            .args(["--helo", "client.example", "--from", self.from])
            .args(["--to", &self.to.join(",")])
            .args(["--data", &self.mail.replace("\r\n", "\n")])
            .args(self.options);
        let mut swaks = Process::spawn("swaks", command);
        swaks.await_exit();
        let transcript = swaks.stdout().bytes();
        String::from_utf8_lossy(&transcript).into_owned()
    }

    /// Sends it.
    ///
    /// # Panics
    /// When it is not taken for everybody.
    pub fn send_well(&self) {
        let transcript = self.send();
        let is_taken = transcript.contains("<-  250 ") && !transcript.contains("<** ");
        assert!(is_taken, "{transcript}");
    }
}

/// A mail of plain text, 8 bits as they are.
pub fn raw_mail(from: &str, to: &str, more: &str, text: &str) -> String {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let process = std::process::id();
    let text = text.replace("\r\n", "\n");
    format!(
        "From: {from}\nTo: {to}\nMessage-ID: <{number}.{process}@swaks.example>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n{more}\n{text}\n"
    )
}

//! A client of SMTP that says what a test tells it to.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
};

use crate::process::PATIENCE;

/// A session.
#[derive(Debug)]
pub struct RawSmtp {
    stream: BufReader<TcpStream>,
}

impl RawSmtp {
    /// Connects, and says hello.
    ///
    /// # Panics
    /// When the server does not.
    pub fn connect(server: SocketAddr) -> Self {
        let connected = TcpStream::connect(server).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        let stream = connected.unwrap_or_else(|error| panic!("not connected: {error}"));
        let mut client = Self {
            stream: BufReader::new(stream),
        };
        let greeting = client.reply();
        assert!(greeting.starts_with("220 "), "{greeting:?}");
        let hello = client.say("EHLO client.example");
        assert!(hello.starts_with("250 "), "{hello:?}");
        client
    }

    /// Goes as far as the content of a mail.
    ///
    /// # Panics
    /// When the server does not.
    pub fn begin_mail(&mut self, from: &str, to: &str) {
        for (line, code) in [
            (format!("MAIL FROM:<{from}>"), "250 "),
            (format!("RCPT TO:<{to}>"), "250 "),
            ("DATA".to_owned(), "354 "),
        ] {
            let reply = self.say(&line);
            assert!(reply.starts_with(code), "{line}: {reply:?}");
        }
    }

    /// Says a line, and gives the last line of the reply.
    pub fn say(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n"));
        self.reply()
    }

    /// Sends octets as they are.
    ///
    /// # Panics
    /// When the connection is gone.
    pub fn send(&mut self, octets: &str) {
        let sent = self.stream.get_mut().write_all(octets.as_bytes());
        sent.unwrap_or_else(|error| panic!("not sent: {error}"));
    }

    /// The last line of the next reply; empty when the session is over.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line);
            read.unwrap_or_else(|error| panic!("no reply: {error}"));
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}

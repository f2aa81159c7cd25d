//! OpenSSL, which speaks TLS as a server and as a client.

use std::{net::SocketAddr, process::Stdio};

use super::sipp::SIP_HOST;
use crate::{
    certificates::{Authority, Certificate},
    ports::{Port, Transport, is_listening},
    process::{Process, tethered},
    sip_message::SipMessage,
};

/// A server that shows a certificate, and says nothing.
#[derive(Debug)]
pub struct TlsServer {
    process: Process,
    address: SocketAddr,
    _port: Port,
}

impl TlsServer {
    /// Starts it, and waits until it takes connections.
    ///
    /// # Panics
    /// When it does not.
    pub fn start(shown: &Certificate) -> Self {
        let port = Port::take();
        let address = SocketAddr::new(SIP_HOST, port.number());
        let mut command = tethered("openssl");
        command.args(["s_server", "-quiet", "-accept", &address.to_string()]);
        command.arg("-cert").arg(&shown.certificate);
        command.arg("-key").arg(&shown.key);
        let process = Process::spawn("openssl s_server", command);
        process.await_state("port", || is_listening(Transport::Tcp, address.port()));
        Self {
            process,
            address,
            _port: port,
        }
    }

    /// Where it takes connections.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has read this.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_text(&self, text: &str) {
        self.process.await_stdout(text, |read| holds(read, text));
    }

    /// Whether it has read this by now.
    pub fn has_read(&self, text: &str) -> bool {
        holds(&self.process.stdout().bytes(), text).is_some()
    }
}

/// Whether a server shows a client of this version of TLS (as `-tls1_3`) that it has this name.
///
/// # Panics
/// When the client cannot be started.
pub fn is_verified(server: SocketAddr, authority: &Authority, name: &str, version: &str) -> bool {
    let mut command = tethered("openssl");
    command
        .args(["s_client", "-connect", &server.to_string(), version])
        .args(["-cipher", "DEFAULT@SECLEVEL=0"])
        .args(["-verify_return_error", "-verify_hostname", name, "-CAfile"])
        .arg(authority.certificate())
        .stdin(Stdio::null());
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("openssl cannot be started: {error}"));
    output.status.success()
}

/// What a server answers a request of SIP's over TLS, from a client that shows a certificate if there is one.
///
/// # Panics
/// When it answers nothing.
pub fn ask(
    server: SocketAddr,
    authority: &Authority,
    shown: Option<&Certificate>,
    request: &str,
) -> SipMessage {
    let mut command = tethered("openssl");
    command
        .args(["s_client", "-quiet", "-verify_return_error", "-CAfile"])
        .arg(authority.certificate())
        .args(["-connect", &server.to_string()]);
    if let Some(shown) = shown {
        command.arg("-cert").arg(&shown.certificate);
        command.arg("-key").arg(&shown.key);
    }
    let mut process = Process::spawn("openssl s_client", command);
    process.write(request.as_bytes());
    process.await_stdout("response", |read| {
        let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
        SipMessage::parse(read.get(..end + 4)?)
    })
}

fn holds(read: &[u8], text: &str) -> Option<()> {
    String::from_utf8_lossy(read).contains(text).then_some(())
}

//! baresip, from its Debian package: a SIP user's phone, driven over its control ports.
//!
//! Commands go to `ctrl_tcp` (netstrings of JSON). Incoming messages are shown only by its console, so that is
//! listened to as well. It writes to contacts only; they are given at its start.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{filled, folder, sipp::SIP_HOST, write};
use crate::{
    certificates::{Authority, Certificate},
    ports::{Port, Transport, is_listening},
    process::{PATIENCE, Process, tethered},
    transcript::{Transcript, holds},
};

/// The longest text that it takes in a command and shows whole, in bytes: its buffers have 8192.
pub const LONGEST_TEXT: usize = 7500;

/// What a phone does with presence.
#[derive(Debug)]
pub enum Presence {
    /// Nothing.
    None,
    /// Watches its contacts, and answers who subscribes to it.
    Shown,
    /// The same, and publishes how it is.
    Published,
    /// Registers, and no more.
    Registered,
}

/// How a phone shows itself.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// Open.
    Online,
    /// Closed.
    Offline,
}

/// What a phone sends its requests over.
#[derive(Clone, Copy)]
enum Way<'a> {
    Udp,
    Tcp,
    Tls(&'a Secured<'a>),
}

const PRESENCE: &str = "module_app presence.so";
const WATCHED: &str = ";presence=p2p";
const NOT_REGISTERED: &str = "regint=0";
const REGISTERED: &str = "regint=120";
const PUBLISHING: &str = "regint=0;pubint=120";

/// What a phone shows over TLS, and whom it believes.
#[derive(Debug)]
pub struct Secured<'a> {
    /// What it shows.
    pub certificate: &'a Certificate,
    /// Who vouches for the gateway.
    pub authority: &'a Authority,
}

/// A running baresip with one account that needs no registrar.
#[derive(Debug)]
pub struct Baresip {
    process: Process,
    control: TcpStream,
    console: Arc<Transcript>,
    address: SocketAddr,
    contacts: usize,
    _ports: [Port; 3],
    _folder: TempDir,
}

impl Baresip {
    /// Starts a phone for the account on this port, which sends everything through the gateway at this address.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start(port: Port, account: &str, gateway: SocketAddr, contacts: &[&str]) -> Self {
        Self::start_with(port, account, gateway, contacts, &Presence::None)
    }

    /// The same; it watches its contacts, shows itself to whom subscribes, and publishes if that is said.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start_with(
        port: Port,
        account: &str,
        gateway: SocketAddr,
        contacts: &[&str],
        presence: &Presence,
    ) -> Self {
        Self::start_over(port, account, gateway, contacts, presence, Way::Udp)
    }

    /// The same over TCP.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start_over_tcp(
        port: Port,
        account: &str,
        gateway: SocketAddr,
        contacts: &[&str],
        presence: &Presence,
    ) -> Self {
        Self::start_over(port, account, gateway, contacts, presence, Way::Tcp)
    }

    /// The same over TLS, which it takes on the port above the given one.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start_secured(
        port: Port,
        account: &str,
        gateway: SocketAddr,
        contacts: &[&str],
        presence: &Presence,
        secured: &Secured<'_>,
    ) -> Self {
        Self::start_over(
            port,
            account,
            gateway,
            contacts,
            presence,
            Way::Tls(secured),
        )
    }

    fn start_over(
        port: Port,
        account: &str,
        gateway: SocketAddr,
        contacts: &[&str],
        presence: &Presence,
        way: Way<'_>,
    ) -> Self {
        let (module, watched, more) = match presence {
            Presence::None => ("", "", NOT_REGISTERED),
            Presence::Registered => ("", "", REGISTERED),
            Presence::Shown => (PRESENCE, WATCHED, NOT_REGISTERED),
            Presence::Published => (PRESENCE, WATCHED, PUBLISHING),
        };
        let (transport, files) = match way {
            Way::Udp => ("udp", String::new()),
            Way::Tcp => ("tcp", String::new()),
            Way::Tls(secured) => ("tls", secured.lines()),
        };
        let folder = folder("baresip");
        let ports = [port, Port::take(), Port::take()];
        let [sip, control, console] =
            [0, 1, 2].map(|index: usize| SocketAddr::new(SIP_HOST, ports[index].number()));
        let config = filled(
            "baresip/config",
            &[
                ("SIP", &sip.to_string()),
                ("CONTROL", &control.to_string()),
                ("CONSOLE", &console.to_string()),
                ("MORE", &format!("{module}\n{files}")),
            ],
        );
        write(&folder.path().join("config"), config);
        let account =
            format!("<{account}>;{more};outbound=\"sip:{gateway};transport={transport}\"\n");
        write(&folder.path().join("accounts"), account);
        let lines = contacts
            .iter()
            .map(|contact| format!("<{contact}>{watched}\n"));
        write(&folder.path().join("contacts"), lines.collect::<String>());

        let mut command = tethered("baresip");
        command
            .arg("-4")
            .arg("-f")
            .arg(folder.path())
            .env("HOME", folder.path());
        let process = Process::spawn("baresip", command);
        process.await_stdout("readiness", holds("baresip is ready."));
        for port in [control.port(), console.port()] {
            process.await_state("control port", || is_listening(Transport::Tcp, port));
        }
        let console = Transcript::follow(connect(&process, console));
        let control = connect(&process, control);
        let contacts = contacts.len();
        let mut phone = Self {
            process,
            control,
            console,
            address: sip,
            contacts,
            _ports: ports,
            _folder: folder,
        };
        // Its console talks to the last who connected; an answered command proves that it knows of us.
        phone.command("about", "");
        phone
    }

    /// Where it takes SIP over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a message to one of its contacts.
    ///
    /// # Panics
    /// When that is no contact.
    pub fn send(&mut self, to: &str, text: &str) {
        let wanted = format!("<{to}>");
        for _ in 0..=self.contacts {
            let shown = self.command("contacts", "");
            let current = shown.lines().find(|line| line.starts_with('>'));
            if current.is_some_and(|line| line.contains(&wanted)) {
                self.command("message", text);
                return;
            }
            self.command("contact_next", "");
        }
        self.process.fail(&format!("{to} is none of its contacts"));
    }

    /// Waits until a message with this text was shown, and returns who it is from.
    ///
    /// # Panics
    /// When it is not in time.
    pub fn await_text(&self, text: &str) -> String {
        let end = format!(": \"{text}\"\n");
        let found = self.console.wait_for(PATIENCE, |shown| {
            let shown = String::from_utf8_lossy(shown);
            let (before, _) = shown.split_once(&end)?;
            before.rsplit(['\r', '\n']).next().map(str::to_owned)
        });
        found.unwrap_or_else(|silence| {
            let shown = String::from_utf8_lossy(&self.console.bytes()).into_owned();
            self.process.fail(&format!(
                "it does not show {text:?}: {silence}; it shows {shown:?}"
            ))
        })
    }

    /// Shows itself online from now on, or offline.
    pub fn show(&mut self, presence: Shown) {
        let command = match presence {
            Shown::Online => "presence_online",
            Shown::Offline => "presence_offline",
        };
        self.command(command, "");
    }

    /// Waits until it lists a contact as this.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_contact(&mut self, contact: &str, status: &str) {
        let Self {
            process, control, ..
        } = self;
        let wanted = format!("<{contact}>");
        process.await_state(status, || {
            let listed = told(process, control, "contacts", "");
            let mut lines = listed.lines();
            lines.any(|line| line.contains(&wanted) && line.contains(status))
        });
    }

    /// Gives a command and returns what it says.
    fn command(&mut self, command: &str, parameters: &str) -> String {
        told(&self.process, &mut self.control, command, parameters)
    }
}

impl Secured<'_> {
    fn lines(&self) -> String {
        let (both, authority) = (&self.certificate.both, self.authority.certificate());
        format!(
            "sip_certificate {}\nsip_cafile {}",
            both.display(),
            authority.display()
        )
    }
}

/// Gives a phone a command and returns what it says.
fn told(process: &Process, control: &mut TcpStream, command: &str, parameters: &str) -> String {
    let json = json!({ "command": command, "params": parameters }).to_string();
    let sent = control.write_all(format!("{}:{json},", json.len()).as_bytes());
    let answer = sent.ok().and_then(|()| answer(control));
    match answer {
        Some(answer) if answer["ok"] == true => {
            answer["data"].as_str().unwrap_or_default().to_owned()
        }
        other => process.fail(&format!("it does not do {command}: {other:?}")),
    }
}

/// The next answer; events between are left out.
fn answer(control: &mut TcpStream) -> Option<Value> {
    loop {
        let json: Value = serde_json::from_slice(&netstring(control)?).ok()?;
        if json["response"] == true {
            return Some(json);
        }
    }
}

fn netstring(control: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut byte = [0];
        control.read_exact(&mut byte).ok()?;
        match byte {
            [b':'] => break,
            [digit @ b'0'..=b'9'] => length = length * 10 + usize::from(digit - b'0'),
            _ => return None,
        }
    }
    let mut bytes = vec![0; length + 1];
    control.read_exact(&mut bytes).ok()?;
    bytes.pop();
    Some(bytes)
}

/// The text that it sends when it is told to send this one: without the spaces before it.
pub fn typed(text: &str) -> &str {
    text.trim_start_matches(' ')
}

fn connect(process: &Process, address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).and_then(|stream| {
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    });
    stream.unwrap_or_else(|error| process.fail(&format!("{address} cannot be reached: {error}")))
}

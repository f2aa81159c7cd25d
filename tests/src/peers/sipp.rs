//! SIPp, from its Debian package (sip-tester): sends and answers MESSAGE requests, watches and publishes.
//!
//! It logs each message that it receives to its standard error, whole and unchanged; that is what tests see.
//! It works on C strings: a message is logged up to its first NUL.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::Command,
};

use tempfile::TempDir;

use self::{
    log::{final_responses, requests},
    scenario::{client_scenario, server_scenario},
};
use super::{folder, write};
pub use crate::ports::Transport;
use crate::{
    ports::{Port, is_listening},
    process::{Process, tethered},
    sip_message::SipMessage,
};

mod events;
mod log;
mod scenario;

pub use self::{
    events::{SippWatcher, publish},
    scenario::Publication,
};

/// Where SIP peers live: an address of loopback that nothing on the XMPP side has.
pub const SIP_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
/// The same over IPv6, which has only one address of loopback.
pub const SIP_HOST_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// How a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With this status and phrase, as in `200 OK`.
    Status(&'static str),
    /// With this status and phrase, and this header.
    StatusAndHeader(&'static str, &'static str),
    /// Never.
    Silent,
}

/// A SIP user agent that takes messages, over UDP and TCP on one port.
#[derive(Debug)]
pub struct SippServer {
    udp: Process,
    tcp: Process,
    address: SocketAddr,
    taken: [usize; 2],
    _port: Port,
    _folder: TempDir,
}

/// A SIP user agent that sends messages.
#[derive(Debug)]
pub struct SippClient {
    host: IpAddr,
    transport: Transport,
    target: SocketAddr,
}

/// Messages on their way, and the responses to come.
#[derive(Debug)]
pub struct Exchange {
    process: Process,
    expected: usize,
    _port: Port,
    _folder: TempDir,
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The sender's URI.
    pub from: &'a str,
    /// The receiver's URI, also the Request-URI.
    pub to: &'a str,
    /// The Content-Type.
    pub content_type: &'a str,
    /// Further header lines, without line ends.
    pub headers: &'a [&'a str],
    /// The body.
    pub body: &'a [u8],
}

impl SippServer {
    /// Starts listening.
    pub fn start(host: IpAddr, reply: &Reply) -> Self {
        let folder = folder("sipp-server");
        let port = Port::take();
        let address = SocketAddr::new(host, port.number());
        write(&folder.path().join("server.xml"), server_scenario(reply));
        let run = |transport| {
            let mut command = sipp(&folder, "server.xml", address, transport);
            command.arg("-bind_local");
            let process = Process::spawn("sipp server", command);
            process.await_state("listener", || is_listening(transport, port.number()));
            process
        };
        let (udp, tcp) = (run(Transport::Udp), run(Transport::Tcp));
        Self {
            udp,
            tcp,
            address,
            taken: [0; 2],
            _port: port,
            _folder: folder,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where requests go to reach it over this transport; over UDP only those that are small enough for it.
    pub fn next_hop(&self, transport: Transport) -> String {
        match transport {
            Transport::Udp => self.address.to_string(),
            Transport::Tcp => format!("tcp:{}", self.address),
        }
    }

    /// Takes the next message that came over this transport, retransmissions left out.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self, transport: Transport) -> SipMessage {
        let (process, taken) = match transport {
            Transport::Udp => (&self.udp, &mut self.taken[0]),
            Transport::Tcp => (&self.tcp, &mut self.taken[1]),
        };
        let before = *taken;
        *taken += 1;
        process.await_stderr("message", |log| {
            requests(log, "MESSAGE").into_iter().nth(before)
        })
    }

    /// All messages so far, those taken too, retransmissions left out.
    pub fn received(&self) -> Vec<SipMessage> {
        let logs = [self.udp.stderr().bytes(), self.tcp.stderr().bytes()];
        logs.iter()
            .flat_map(|log| requests(log, "MESSAGE"))
            .collect()
    }
}

impl SippClient {
    /// A client on this host that sends to this target.
    pub fn new(host: IpAddr, transport: Transport, target: SocketAddr) -> Self {
        Self {
            host,
            transport,
            target,
        }
    }

    /// Sends one message and returns its final response.
    ///
    /// # Panics
    /// When there is none.
    pub fn send(&self, message: Outgoing<'_>) -> SipMessage {
        self.send_all(&[message]).remove(0)
    }

    /// Sends the messages, each after the final response to the one before, and returns the final responses.
    ///
    /// # Panics
    /// When one is missing.
    pub fn send_all(&self, messages: &[Outgoing<'_>]) -> Vec<SipMessage> {
        self.begin(messages).finish()
    }

    /// Sends one message as it comes by two ways of a fork, the branch alone being another, and returns the final
    /// response to either.
    ///
    /// # Panics
    /// When one is missing.
    pub fn send_by_two_ways(&self, message: Outgoing<'_>) -> Vec<SipMessage> {
        self.begin_counted(&[message, message], |_| 1).finish()
    }

    /// Begins to send the messages, as [`send_all`](Self::send_all) does.
    pub fn begin(&self, messages: &[Outgoing<'_>]) -> Exchange {
        self.begin_counted(messages, |number| number)
    }

    /// The same with a CSeq for each number.
    fn begin_counted(&self, messages: &[Outgoing<'_>], cseq: fn(u32) -> u32) -> Exchange {
        let (folder, port) = (folder("sipp-client"), Port::take());
        write(
            &folder.path().join("client.xml"),
            client_scenario(&folder, messages, cseq),
        );
        let local = SocketAddr::new(self.host, port.number());
        let mut command = sipp(&folder, "client.xml", local, self.transport);
        command.args([
            "-m",
            "1",
            "-recv_timeout",
            "40000",
            &self.target.to_string(),
        ]);
        let process = Process::spawn("sipp client", command);
        Exchange {
            process,
            expected: messages.len(),
            _port: port,
            _folder: folder,
        }
    }
}

impl Exchange {
    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    /// The process that sends.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Waits for the final responses.
    ///
    /// # Panics
    /// When one is missing.
    pub fn finish(mut self) -> Vec<SipMessage> {
        self.process.await_exit();
        let responses = final_responses(&self.process.stderr().bytes());
        if responses.len() != self.expected {
            let why = format!("{} of {} are answered", responses.len(), self.expected);
            self.process.fail(&why);
        }
        responses
    }
}

impl<'a> Outgoing<'a> {
    /// A message of plain text.
    pub fn text(from: &'a str, to: &'a str, text: &'a str) -> Self {
        let content_type = "text/plain;charset=utf-8";
        Self {
            from,
            to,
            content_type,
            headers: &[],
            body: text.as_bytes(),
        }
    }
}

fn sipp(folder: &TempDir, scenario: &str, local: SocketAddr, transport: Transport) -> Command {
    let mut command = tethered("sipp");
    command
        .args([
            "-sf",
            scenario,
            "-i",
            &local.ip().to_string(),
            "-p",
            &local.port().to_string(),
        ])
        .args([
            "-t",
            if transport == Transport::Udp {
                "u1"
            } else {
                "t1"
            },
        ])
        .args([
            "-nostdin",
            "-nd",
            "-skip_rlimit",
            "-trace_msg",
            "-message_file",
            "/dev/stderr",
        ])
        .current_dir(folder.path());
    command
}

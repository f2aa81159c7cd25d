//! SIPp, from its Debian package (sip-tester): sends and answers MESSAGE requests.
//!
//! It logs each message that it receives to its standard error, whole and unchanged; that is what tests see.
//! It works on C strings: a message is logged up to its first NUL.

use std::{
    collections::HashSet,
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::Command,
};

use tempfile::TempDir;

use super::{filled, folder, write};
pub use crate::ports::Transport;
use crate::{
    ports::{Port, is_listening},
    process::{Process, tethered},
    sip_message::SipMessage,
};

/// Where SIP peers live: an address of loopback that nothing on the XMPP side has.
pub const SIP_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
/// The same over IPv6, which has only one address of loopback.
pub const SIP_HOST_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The final responses that a client understands, but 200.
const FINAL: [u16; 32] = [
    202, 302, 400, 401, 403, 404, 405, 406, 408, 410, 413, 414, 415, 416, 420, 423, 480, 481, 482,
    483, 484, 485, 486, 488, 489, 500, 501, 503, 504, 513, 600, 603,
];

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
        process.await_stderr("message", |log| requests(log).into_iter().nth(before))
    }

    /// All messages so far, those taken too, retransmissions left out.
    pub fn received(&self) -> Vec<SipMessage> {
        let logs = [self.udp.stderr().bytes(), self.tcp.stderr().bytes()];
        logs.iter().flat_map(|log| requests(log)).collect()
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

    /// Begins to send the messages, as [`send_all`](Self::send_all) does.
    pub fn begin(&self, messages: &[Outgoing<'_>]) -> Exchange {
        let (folder, port) = (folder("sipp-client"), Port::take());
        write(
            &folder.path().join("client.xml"),
            client_scenario(&folder, messages),
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

fn server_scenario(reply: &Reply) -> String {
    let (status, header) = match reply {
        Reply::Status(status) => (*status, ""),
        Reply::StatusAndHeader(status, header) => (*status, *header),
        Reply::Silent => ("", ""),
    };
    let headers = headers(&[header]);
    let scenario = filled(
        "sipp/server.xml",
        &[("STATUS", status), ("HEADERS", &headers)],
    );
    let (before, answer, after) = around(&scenario, "answer");
    if status.is_empty() {
        before + &after
    } else {
        before + &answer + &after
    }
}

fn client_scenario(folder: &TempDir, messages: &[Outgoing<'_>]) -> String {
    let (mut scenario, exchange, after) = around(&filled("sipp/client.xml", &[]), "exchange");
    for (number, message) in (1..).zip(messages) {
        let body_file = folder.path().join(format!("body-{number}"));
        write(&body_file, message.body);
        let values = [
            ("TO", message.to.to_owned()),
            ("FROM", message.from.to_owned()),
            ("NUMBER", number.to_string()),
            ("CONTENT_TYPE", message.content_type.to_owned()),
            ("HEADERS", headers(message.headers)),
            ("BODY_FILE", body_file.display().to_string()),
            ("RESPONSES", responses(number)),
        ];
        scenario += &values.iter().fold(exchange.clone(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        });
    }
    scenario + &after
}

/// What may come after the message with this number: any final response leads on to the next message.
fn responses(number: u32) -> String {
    let mut lines = "<recv response=\"100\" optional=\"true\"/>".to_owned();
    for status in FINAL {
        let _infallible = write!(
            lines,
            "<recv response=\"{status}\" optional=\"true\" next=\"{number}\"/>"
        );
    }
    lines + "<recv response=\"200\"/>"
}

fn headers(lines: &[&str]) -> String {
    lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| format!("\n      {line}"))
        .collect()
}

/// The scenario before, within and after the block between the marks of this name.
fn around(scenario: &str, name: &str) -> (String, String, String) {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let parts = scenario.split_once(&open).and_then(|(before, rest)| {
        rest.split_once(&close)
            .map(|(inside, after)| (before, inside, after))
    });
    let Some((before, inside, after)) = parts else {
        panic!("the scenario has no block {name}")
    };
    (before.to_owned(), inside.to_owned(), after.to_owned())
}

fn requests(log: &[u8]) -> Vec<SipMessage> {
    let mut seen = HashSet::new();
    let mut messages = received(log);
    messages
        .retain(|message| message.method() == Some("MESSAGE") && seen.insert(identity(message)));
    messages
}

fn final_responses(log: &[u8]) -> Vec<SipMessage> {
    let mut seen = HashSet::new();
    let mut messages = received(log);
    messages.retain(|message| {
        message.status().is_some_and(|status| status >= 200) && seen.insert(identity(message))
    });
    messages
}

/// What a retransmission has in common with the first copy.
fn identity(message: &SipMessage) -> (String, String) {
    let header = |name| message.header(name).unwrap_or_default().to_owned();
    (header("Call-ID"), header("CSeq"))
}

/// The messages of a log: `UDP message received [<length>] bytes :`, an empty line, the message.
fn received(log: &[u8]) -> Vec<SipMessage> {
    const MARK: &[u8] = b" message received [";
    let mut messages = Vec::new();
    let mut rest = log;
    while let Some(start) = rest.windows(MARK.len()).position(|window| window == MARK) {
        rest = rest.get(start + MARK.len()..).unwrap_or_default();
        let Some((length, wire)) = counted(rest) else {
            break;
        };
        messages.extend(SipMessage::parse(wire));
        rest = rest.get(length..).unwrap_or_default();
    }
    messages
}

/// The message that follows `<length>] bytes :` and an empty line, and where it ends; `None` while it is not whole.
fn counted(log: &[u8]) -> Option<(usize, &[u8])> {
    let digits = log.iter().position(|byte| *byte == b']')?;
    let length: usize = str::from_utf8(log.get(..digits)?).ok()?.parse().ok()?;
    let start = digits + "] bytes :\n\n".len();
    // SIPp ends each entry of its log with a line feed.
    log.get(start + length)?;
    Some((start + length, log.get(start..start + length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_yields_a_message_only_once_it_is_whole() {
        let log =
            b"----- 2026\nUDP message received [19] bytes :\n\nSIP/2.0 200 OK\r\n\r\nx\n-----";
        assert_eq!(received(log).len(), 1);
        assert_eq!(received(log)[0].body(), b"x");
        assert!(received(&log[..60]).is_empty());
    }

    #[test]
    fn silent_server_has_no_answer_in_its_scenario() {
        assert!(!server_scenario(&Reply::Silent).contains("<send"));
        let busy = Reply::StatusAndHeader("503 Service Unavailable", "Retry-After: 7");
        assert!(server_scenario(&busy).contains("[last_CSeq:]\n      Retry-After: 7\n"));
    }
}

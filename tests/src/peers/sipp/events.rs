//! SIPp as who watches and who publishes (RFC 3856, RFC 3857, RFC 3903).

use std::net::SocketAddr;

use tempfile::TempDir;

use super::{
    SIP_HOST, Transport,
    log::{final_responses, requests},
    scenario::{Publication, publisher_scenario},
    sipp,
};
use crate::{
    peers::{filled, folder, write},
    ports::Port,
    process::Process,
    sip_message::SipMessage,
};

/// A SIP user agent that subscribes once, and answers whatever it is told.
#[derive(Debug)]
pub struct SippWatcher {
    process: Process,
    taken: usize,
    _port: Port,
    _folder: TempDir,
}

impl SippWatcher {
    /// Subscribes to a package of a presentity, through the gateway.
    pub fn start(gateway: SocketAddr, watcher: &str, target: &str, event: &str) -> Self {
        let values = [("WATCHER", watcher), ("TARGET", target), ("EVENT", event)];
        let (process, port, folder) = run("watcher", filled("sipp/watcher.xml", &values), gateway);
        Self {
            process,
            taken: 0,
            _port: port,
            _folder: folder,
        }
    }

    /// How it was answered.
    ///
    /// # Panics
    /// When it was not in time.
    pub fn answer(&self) -> SipMessage {
        let find = |log: &[u8]| final_responses(log).into_iter().next();
        self.process.await_stderr("answer", find)
    }

    /// The next that it is told, retransmissions left out.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub fn told(&mut self) -> SipMessage {
        let before = self.taken;
        self.taken += 1;
        let find = |log: &[u8]| requests(log, "NOTIFY").into_iter().nth(before);
        self.process.await_stderr("notification", find)
    }
}

/// Publishes these, one after the other, of a presentity; the responses.
///
/// # Panics
/// When one is answered otherwise than it is to be.
pub fn publish(
    gateway: SocketAddr,
    presentity: &str,
    publications: &[Publication<'_>],
) -> Vec<SipMessage> {
    let scenario = publisher_scenario(presentity, publications);
    let (mut process, _port, _folder) = run("publisher", scenario, gateway);
    if !process.await_exit().success() {
        process.fail("one is answered otherwise");
    }
    final_responses(&process.stderr().bytes())
}

fn run(name: &str, scenario: String, gateway: SocketAddr) -> (Process, Port, TempDir) {
    let (folder, port) = (folder("sipp-events"), Port::take());
    write(&folder.path().join("events.xml"), scenario);
    let local = SocketAddr::new(SIP_HOST, port.number());
    let mut command = sipp(&folder, "events.xml", local, Transport::Udp);
    command.args(["-m", "1", &gateway.to_string()]);
    let process = Process::spawn(&format!("sipp {name}"), command);
    (process, port, folder)
}

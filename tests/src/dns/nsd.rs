//! NSD, from its Debian package: an authoritative server.

use std::net::SocketAddr;

use tempfile::TempDir;

use super::{DNS_HOST, NSD};
use crate::{
    peers::{folder, write},
    ports::{Port, Transport, is_listening},
    process::{Process, tethered},
};

/// A running NSD.
#[derive(Debug)]
pub struct Nsd {
    _process: Process,
    address: SocketAddr,
    _port: Port,
    _folder: TempDir,
}

impl Nsd {
    /// Serves these zones: each a name, and its records beside SOA and NS, as lines of a zone file.
    ///
    /// Names without a final dot are beneath the zone. Records have a TTL of 300 s, what is not there one of 60 s, unless the lines say otherwise.
    ///
    /// # Panics
    /// When it is not installed, or does not like a zone.
    pub fn start(zones: &[(&str, &str)]) -> Self {
        let (port, folder) = (Port::take(), folder("nsd"));
        let address = SocketAddr::new(DNS_HOST, port.number());
        let path = folder.path();
        let mut config = config(address, &path.display().to_string());
        for (name, records) in zones {
            let file = path.join(format!("{name}.zone"));
            write(&file, format!("{HEAD}{records}\n"));
            config += &format!(
                "zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n",
                file.display()
            );
        }
        let file = path.join("nsd.conf");
        write(&file, config);
        let mut command = tethered(NSD);
        command.arg("-d").arg("-c").arg(file);
        let process = Process::spawn("nsd", command);
        process.await_stderr("nsd started", crate::transcript::holds("nsd started"));
        let complaint = "error";
        let log = String::from_utf8_lossy(&process.stderr().bytes()).into_owned();
        if log.contains(complaint) {
            process.fail("it does not like a zone");
        }
        for transport in [Transport::Udp, Transport::Tcp] {
            process.await_state("listener", || is_listening(transport, port.number()));
        }
        Self {
            _process: process,
            address,
            _port: port,
            _folder: folder,
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands in the section `[resolver]` of a gateway that asks it, and believes it in what it says of loopback.
    pub fn resolver(&self) -> String {
        format!("name_servers = [\"{}\"]\ndenied = []", self.address)
    }
}

/// What each zone begins with.
const HEAD: &str = "\
$TTL 300
@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60
@ NS ns.test.
";

fn config(address: SocketAddr, folder: &str) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!(
        "server:
  ip-address: {ip}@{port}
  port: {port}
  server-count: 1
  username: \"\"
  chroot: \"\"
  database: \"\"
  pidfile: \"\"
  zonesdir: \"{folder}\"
  zonelistfile: \"{folder}/zone.list\"
  xfrdfile: \"{folder}/xfrd.state\"
  xfrdir: \"{folder}\"
  cookie-secret-file: \"{folder}/cookies\"
  rrl-ratelimit: 0
  verbosity: 1
remote-control:
  control-enable: no
"
    )
}

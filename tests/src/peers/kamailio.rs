//! Kamailio, from its Debian packages: a domain's proxy that speaks TLS to the gateway, and nothing else.

use std::{env, net::SocketAddr};

use tempfile::TempDir;

use super::{filled, folder, sipp::SIP_HOST, write};
use crate::{
    certificates::{Authority, Certificate},
    ports::{Port, Transport, is_listening},
    process::{Process, tethered},
};

/// What is there when its module for TLS is, on any machine.
pub const TLS: &str = "/usr/share/doc/kamailio-tls-modules/copyright";

/// A running Kamailio. What its users send over UDP it hands to a gateway, and what the gateway sends it answers with 200.
#[derive(Debug)]
pub struct Kamailio {
    process: Process,
    proxy: SocketAddr,
    _ports: [Port; 2],
    _folder: TempDir,
}

impl Kamailio {
    /// Starts it for a gateway that takes TLS there; both have to prove who they are. It takes TLS on the second port.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start(
        ports: [Port; 2],
        gateway: SocketAddr,
        (authority, shown): (&Authority, &Certificate),
    ) -> Self {
        let folder = folder("kamailio");
        let [proxy, secured] = ports
            .each_ref()
            .map(|port| SocketAddr::new(SIP_HOST, port.number()));
        let path = folder.path().display().to_string();
        let config = filled(
            "kamailio/kamailio.cfg",
            &[
                ("PROXY", &proxy.to_string()),
                ("SECURED", &secured.to_string()),
                ("GATEWAY", &gateway.to_string()),
                ("MODULES", &modules()),
                ("FOLDER", &path),
            ],
        );
        write(&folder.path().join("kamailio.cfg"), config);
        let tls = filled(
            "kamailio/tls.cfg",
            &[
                ("CERTIFICATE", &shown.certificate.display().to_string()),
                ("KEY", &shown.key.display().to_string()),
                ("AUTHORITY", &authority.certificate().display().to_string()),
            ],
        );
        write(&folder.path().join("tls.cfg"), tls);
        let mut command = tethered("kamailio");
        command.args(["-DD", "-E", "-m", "32", "-M", "8", "-f"]);
        command.arg(folder.path().join("kamailio.cfg"));
        command.arg("-Y").arg(folder.path());
        let process = Process::spawn("kamailio", command);
        process.await_state("ports", || {
            is_listening(Transport::Tcp, secured.port())
                && is_listening(Transport::Udp, proxy.port())
        });
        Self {
            process,
            proxy,
            _ports: ports,
            _folder: folder,
        }
    }

    /// Where its users send to, over UDP.
    pub fn address(&self) -> SocketAddr {
        self.proxy
    }

    /// Waits until a gateway with a certificate for this name has sent a text.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_text(&self, name: &str, text: &str) {
        let said = format!("{name} says {text}");
        self.process.await_stderr(&said, |shown| {
            String::from_utf8_lossy(shown).contains(&said).then_some(())
        });
    }
}

fn modules() -> String {
    format!("/usr/lib/{}-linux-gnu/kamailio/modules", env::consts::ARCH)
}

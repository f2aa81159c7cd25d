//! A gateway between SIP peers and an XMPP server, as most tests need it.
//!
//! SIP users are at `sip.example`, XMPP users at `xmpp.example`. The gateway is the component `sip.example` of the XMPP
//! server, and sends what is for `sip.example` to one SIPp.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use crate::{
    gateway::{GATEWAY_HOST, Gateway, GatewayConfig},
    peers::{
        Reply, SippClient, SippServer, SlixmppClient, Transport, XmppServer, XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    sip_message::SipMessage,
};

/// The domain of the users on the SIP side.
pub const SIP_DOMAIN: &str = "sip.example";
/// A SIP user.
pub const ALICE: &str = "sip:alice@sip.example";
/// The same user, as the XMPP side is to see her.
pub const ALICE_SEEN: &str = "alice@sip.example";
/// An XMPP user, as the SIP side is to see her.
pub const JULIET_SEEN: &str = "sip:juliet@xmpp.example";

/// The gateway and the peers on both sides of it.
#[derive(Debug)]
pub struct World<S> {
    /// The gateway; declared first, so that it is gone before its peers are.
    pub gateway: Gateway,
    /// Where SIP users' messages end.
    pub sip: SippServer,
    /// The XMPP server.
    pub xmpp: S,
    listen: SocketAddr,
    sip_host: IpAddr,
    _port: Port,
}

/// What may be different from one world to the next.
#[derive(Debug)]
pub struct WorldSettings {
    /// Where SIP peers live, and by that whether SIP goes over IPv4 or IPv6.
    pub sip_host: IpAddr,
    /// What the gateway sends SIP requests over.
    pub transport: Transport,
    /// How the SIP side answers.
    pub reply: Reply,
    /// Where the gateway sends SIP requests to, if not to the SIPp of this world.
    pub next_hop: Option<String>,
    /// Further lines of the SIP adapter's own configuration.
    pub sip_lines: &'static [&'static str],
    /// The same of the XMPP adapter.
    pub xmpp_lines: &'static [&'static str],
    /// Whether adapters run in processes of their own.
    pub is_isolated: bool,
    /// Whether the XMPP server keeps messages for users who are away.
    pub keeps_offline: bool,
    /// A file that says what the gateway's wall clock shows.
    pub clock: Option<PathBuf>,
}

impl<S: XmppServer> World<S> {
    /// Starts both sides, then the gateway between them.
    pub fn start(settings: &WorldSettings) -> Self {
        let xmpp = S::start(XmppSettings {
            keeps_offline: settings.keeps_offline,
            ..XmppSettings::new(SIP_DOMAIN)
        });
        let sip = SippServer::start(settings.sip_host, &settings.reply);
        let port = Port::take();
        let listen = SocketAddr::new(gateway_host(settings.sip_host), port.number());
        let next_hop = settings
            .next_hop
            .clone()
            .unwrap_or_else(|| sip.next_hop(settings.transport));
        let config = match settings.is_isolated {
            true => GatewayConfig::new().isolated(),
            false => GatewayConfig::new(),
        };
        let config = match &settings.clock {
            Some(file) => config.with_clock(file),
            None => config,
        };
        let config = config
            .with_sip("sip", &[listen], &[XMPP_DOMAIN])
            .with_settings(settings.sip_lines)
            .with_xmpp("xmpp", &xmpp.link(), &[SIP_DOMAIN])
            .with_settings(settings.xmpp_lines)
            .with_route(XMPP_DOMAIN, "xmpp", None)
            .with_route(SIP_DOMAIN, "sip", Some(&next_hop));
        let gateway = Gateway::start(&config);
        Self {
            gateway,
            sip,
            xmpp,
            listen,
            sip_host: settings.sip_host,
            _port: port,
        }
    }

    /// Where the gateway takes SIP.
    pub fn gateway_sip(&self) -> SocketAddr {
        self.listen
    }

    /// A SIP user agent that sends to the gateway.
    pub fn sip_client(&self, transport: Transport) -> SippClient {
        SippClient::new(self.sip_host, transport, self.listen)
    }

    /// Sends a text from a SIP user to an XMPP user, and returns the final response.
    pub fn send_from_sip(&self, to: &str, text: &str) -> SipMessage {
        self.sip_client(Transport::Udp)
            .send(Outgoing::text(ALICE, to, text))
    }

    /// Shows an XMPP user that a SIP user is typing (`active`) or not (`idle`), and returns the final response.
    pub fn send_typing_from_sip(&self, to: &str, state: &str) -> SipMessage {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>{state}</state></isComposing>"
        );
        self.sip_client(Transport::Udp).send(Outgoing {
            content_type: "application/im-iscomposing+xml",
            body: body.as_bytes(),
            ..Outgoing::text(ALICE, to, "")
        })
    }

    /// Logs an XMPP user in.
    pub fn login(&self, user: &str) -> SlixmppClient {
        self.xmpp.login(user)
    }
}

impl Default for WorldSettings {
    fn default() -> Self {
        Self {
            sip_host: SIP_HOST,
            transport: Transport::Udp,
            reply: Reply::Status("200 OK"),
            next_hop: None,
            sip_lines: &[],
            xmpp_lines: &["reconnect_min = \"50ms\"", "reconnect_max = \"500ms\""],
            is_isolated: false,
            keeps_offline: false,
            clock: None,
        }
    }
}

/// The gateway's own address of loopback; IPv6 has but one.
fn gateway_host(sip_host: IpAddr) -> IpAddr {
    match sip_host {
        IpAddr::V4(_) => GATEWAY_HOST,
        IpAddr::V6(_) => sip_host,
    }
}

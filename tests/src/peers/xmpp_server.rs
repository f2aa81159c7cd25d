//! What the tests need of an XMPP server, whichever it is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::SlixmppClient;
use crate::{gateway::ComponentLink, ports::Port};

/// The domain of the users on the XMPP side.
pub const XMPP_DOMAIN: &str = "xmpp.example";
/// The users that every server starts with.
pub const USERS: [&str; 3] = ["romeo", "juliet", "benvolio"];
/// The password of all of them.
pub const PASSWORD: &str = "montague";

/// Where a server listens and whom it lets in.
#[derive(Debug)]
pub struct XmppSettings {
    /// The address of both listeners.
    pub host: IpAddr,
    /// For clients.
    pub clients: Port,
    /// For components (XEP-0114).
    pub components: Port,
    /// The component that may connect.
    pub component_domain: String,
    /// Its shared secret.
    pub secret: String,
}

/// A running XMPP server with one domain, a few users and one component.
pub trait XmppServer {
    /// Starts it and returns once it takes connections.
    fn start(settings: XmppSettings) -> Self;

    /// What it was started with.
    fn settings(&self) -> &XmppSettings;

    /// Ends it as an operator would, so that it says goodbye to its peers.
    fn stop(&mut self);

    /// Starts it again after [`stop`](Self::stop), in the same folder and on the same ports.
    fn start_again(&mut self);

    /// Logs a user in; the client is present at its bare address when this returns.
    fn login(&self, user: &str) -> SlixmppClient {
        let address = SocketAddr::new(self.settings().host, self.settings().clients.number());
        SlixmppClient::login(&format!("{user}@{XMPP_DOMAIN}/balcony"), PASSWORD, address)
    }

    /// How the gateway reaches it.
    fn link(&self) -> ComponentLink {
        let settings = self.settings();
        ComponentLink {
            endpoint: SocketAddr::new(settings.host, settings.components.number()),
            domain: settings.component_domain.clone(),
            secret: settings.secret.clone(),
            server: XMPP_DOMAIN.to_owned(),
        }
    }
}

impl XmppSettings {
    /// For a component of this domain; own ports, on an address of loopback that no SIP peer has.
    pub fn new(component_domain: &str) -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 12)),
            clients: Port::take(),
            components: Port::take(),
            component_domain: component_domain.to_owned(),
            secret: "a plague on both your houses".to_owned(),
        }
    }
}

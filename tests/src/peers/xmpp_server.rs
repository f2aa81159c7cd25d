//! What the tests need of an XMPP server, whichever it is.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use super::{SlixmppClient, filled, with_values};
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
    /// The domain of its users.
    pub domain: String,
    /// The address of both listeners.
    pub host: IpAddr,
    /// For clients.
    pub clients: Port,
    /// For components (XEP-0114).
    pub components: Port,
    /// The component that may connect.
    pub component_domain: String,
    /// Another one that may, with the same secret.
    pub other_component: Option<String>,
    /// Its shared secret.
    pub secret: String,
    /// Whether it keeps messages for users who are away (XEP-0160).
    pub keeps_offline: bool,
    /// Whether ejabberd looks for other servers; it finds none.
    pub seeks_servers: bool,
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
        let jid = format!("{user}@{}/balcony", self.settings().domain);
        SlixmppClient::login(&jid, PASSWORD, address)
    }

    /// How the gateway reaches it.
    fn link(&self) -> ComponentLink {
        let settings = self.settings();
        ComponentLink {
            endpoint: SocketAddr::new(settings.host, settings.components.number()),
            domain: settings.component_domain.clone(),
            secret: settings.secret.clone(),
            server: settings.domain.clone(),
        }
    }
}

impl XmppSettings {
    /// For a component of this domain; own ports, on an address of loopback that no SIP peer has.
    pub fn new(component_domain: &str) -> Self {
        Self {
            domain: XMPP_DOMAIN.to_owned(),
            host: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 12)),
            clients: Port::take(),
            components: Port::take(),
            component_domain: component_domain.to_owned(),
            other_component: None,
            secret: "a plague on both your houses".to_owned(),
            keeps_offline: false,
            seeks_servers: false,
        }
    }

    /// With messages for users of other servers taken, which are looked for then.
    #[must_use]
    pub const fn with_other_servers(mut self) -> Self {
        self.seeks_servers = true;
        self
    }

    /// With users at this domain.
    #[must_use]
    pub fn with_domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.domain);
        self
    }

    /// With another component beside the first.
    #[must_use]
    pub fn with_other_component(mut self, domain: &str) -> Self {
        self.other_component = Some(domain.to_owned());
        self
    }

    /// A file of the rig with these settings in place of its `@NAMES@`, and the server's folder for `@DIR@`;
    /// `other` is how it writes another component.
    pub(super) fn fill(&self, file: &str, folder: &Path, other: &str) -> String {
        let other = self
            .other_component
            .as_ref()
            .map(|domain| with_values(other, &[("COMPONENT", domain), ("SECRET", &self.secret)]));
        let offline = if self.keeps_offline {
            ""
        } else {
            ", \"offline\""
        };
        filled(
            file,
            &[
                ("DIR", &folder.display().to_string()),
                ("HOST", &self.host.to_string()),
                ("CLIENTS", &self.clients.number().to_string()),
                ("COMPONENTS", &self.components.number().to_string()),
                ("DOMAIN", &self.domain),
                ("COMPONENT", &self.component_domain),
                ("SECRET", &self.secret),
                ("OTHER", &other.unwrap_or_default()),
                ("OFFLINE", offline),
                (
                    "OFFLINE_MODULE",
                    if self.keeps_offline {
                        "mod_offline: {}"
                    } else {
                        ""
                    },
                ),
                ("SERVERS", if self.seeks_servers { "all" } else { "none" }),
            ],
        )
    }
}

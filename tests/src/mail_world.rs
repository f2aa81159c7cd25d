//! One gateway between SIP, XMPP and two mail servers, with a user or two on each; and pagers, where a test wants them.
//!
//! The mail servers hand on to the gateway by LMTP; the gateway sends to them by SMTP. SIP and mail users know all others by plain
//! addresses, XMPP users by source routes.

use std::net::SocketAddr;

use crate::{
    gateway::{self, Gateway, GatewayConfig},
    networks::{Shown, unescaped},
    peers::{
        Entity, Exim, MailServer, MailSettings, Postfix, Prosody, Reply, SippClient, SippServer,
        SlixmppClient, Transport, XmppServer, XmppSettings,
        mail::{Mailbox, Swaks, raw_mail},
        pager::{PAGER_DOMAIN, PagerServer, PagerUser, pager_plugin},
        sipp::{Outgoing, SIP_HOST},
    },
    ports::Port,
    sip_message::SipMessage,
};

/// The domains: SIP, XMPP, Postfix, Exim.
pub const DOMAINS: [&str; 4] = [
    "sip.example",
    "xmpp.example",
    "mail.example",
    "exim.example",
];

/// The gateway's own domain, and that of its component.
pub const RELAY: &str = "relay.example";

/// The gateway, the servers, and the users.
#[derive(Debug)]
pub struct MailWorld {
    /// The gateway; declared first, so that it is gone before its peers are.
    pub gateway: Gateway,
    /// alice, juliet, bob and carol; dave has a pager.
    pub users: Vec<MailWorldUser>,
    /// Where the gateway takes SMTP from everybody.
    pub smtp: SocketAddr,
    /// Mail of `mail.example`.
    pub postfix: Postfix,
    /// Mail of `exim.example`.
    pub exim: Exim,
    _prosody: Prosody,
    _ports: [Port; 4],
}

/// Someone with a client of their own network.
#[derive(Debug)]
pub struct MailWorldUser {
    /// The user's inbox.
    pub inbox: &'static str,
    adapter: &'static str,
    client: Client,
}

#[derive(Debug)]
enum Client {
    Sip(Box<SippServer>, SippClient),
    Xmpp(SlixmppClient),
    Mail(SocketAddr, Mailbox),
    Pager(PagerUser),
}

impl MailWorld {
    /// Starts all of it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with further lines for the mail adapter of Postfix, whose socket for SMTP is open to everybody.
    pub fn start_with(lines: &[&str]) -> Self {
        Self::start_all(lines, None)
    }

    /// Starts it with pagers.
    pub fn start_with_pagers() -> Self {
        Self::start_all(&[], Some(&PagerServer::start()))
    }

    fn start_all(lines: &[&str], pagers: Option<&PagerServer>) -> Self {
        let ports = [(); 4].map(|()| Port::take());
        let [sip_at, smtp, lmtp_one, lmtp_two] = ports.each_ref().map(gateway::address);
        let sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
        let prosody = Prosody::start(XmppSettings::new(RELAY));
        let postfix = Postfix::start(MailSettings::new(DOMAINS[2], lmtp_one, &all_but(2)));
        let exim = Exim::start(MailSettings::new(DOMAINS[3], lmtp_two, &all_but(3)));
        let listen = [format!("smtp:{smtp}"), format!("lmtp:{lmtp_one}")];
        let mut config = GatewayConfig::new()
            .with_relay_domains(&[RELAY])
            .with_sip("sip", &[sip_at], &all_but(0))
            .with_xmpp("xmpp", &prosody.link(), &[RELAY])
            .with_email("mail", &listen, &all_but(2), &postfix.address().to_string())
            .with_settings(lines)
            .with_email(
                "exim",
                &[format!("lmtp:{lmtp_two}")],
                &all_but(3),
                &exim.address().to_string(),
            )
            .with_route(DOMAINS[0], "sip", Some(&sip.next_hop(Transport::Tcp)))
            .with_route("dead.sip.example", "sip", Some("tcp:127.0.0.1:1"))
            .with_route(DOMAINS[1], "xmpp", None)
            .with_route(DOMAINS[2], "mail", None)
            .with_route(DOMAINS[3], "exim", None);
        if let Some(pagers) = pagers {
            let domains = [&DOMAINS[..], &[RELAY]].concat();
            config = config
                .with_plugin("pager", &pager_plugin(), &domains, &pagers.lines())
                .with_route(PAGER_DOMAIN, "pager", None);
        }
        let gateway = Gateway::start(&config);
        let mut users = vec![
            MailWorldUser {
                inbox: "im:alice@sip.example",
                adapter: "sip",
                client: Client::Sip(
                    Box::new(sip),
                    SippClient::new(SIP_HOST, Transport::Tcp, sip_at),
                ),
            },
            MailWorldUser {
                inbox: "im:juliet@xmpp.example",
                adapter: "xmpp",
                client: Client::Xmpp(prosody.login("juliet")),
            },
            MailWorldUser {
                inbox: "im:bob@mail.example",
                adapter: "mail",
                client: Client::Mail(postfix.address(), postfix.mailbox("bob")),
            },
            MailWorldUser {
                inbox: "im:carol@exim.example",
                adapter: "exim",
                client: Client::Mail(exim.address(), exim.mailbox("carol")),
            },
        ];
        if let Some(pagers) = pagers {
            pagers.await_login(1);
            users.push(MailWorldUser {
                inbox: "im:dave@pager.example",
                adapter: "pager",
                client: Client::Pager(pagers.user("dave")),
            });
        }
        Self {
            gateway,
            users,
            smtp,
            postfix,
            exim,
            _prosody: prosody,
            _ports: ports,
        }
    }

    /// Does the same with each two users: a writer, a reader, and the address where the one finds the other.
    pub fn for_every_ordered_pair(
        &mut self,
        mut converse: impl FnMut(&mut MailWorldUser, &mut MailWorldUser, &str),
    ) {
        let count = self.users.len();
        let pairs = (0..count).flat_map(|a| (0..count).map(move |b| [a, b]));
        for pair in pairs.filter(|[a, b]| a != b) {
            let [writer, reader] = pair.map(|index| &self.users[index]);
            let address = self.address(writer, reader);
            if let Ok([writer, reader]) = self.users.get_disjoint_mut(pair) {
                converse(writer, reader, &address);
            }
        }
    }

    /// How one user writes to another: the address that the other's messages come from.
    pub fn address(&self, writer: &MailWorldUser, reader: &MailWorldUser) -> String {
        let sender = (reader.adapter, reader.inbox);
        writer.native(&self.gateway.shown_to(writer.inbox, sender))
    }
}

impl MailWorldUser {
    /// Sends a text to a native address.
    ///
    /// # Panics
    /// When it is not taken.
    pub fn send(&mut self, to: &str, text: &str) {
        let from = self.native(self.inbox);
        match &mut self.client {
            Client::Sip(_, client) => {
                let answer = client.send(Outgoing::text(&from, to, text));
                assert_eq!(
                    answer.status(),
                    Some(if is_mail(to) { 202 } else { 200 }),
                    "{}",
                    answer.head()
                );
            }
            Client::Xmpp(client) => {
                client.send(to, text);
            }
            Client::Mail(server, _) => {
                let mail = raw_mail(&from, to, "Subject: a subject\n", text);
                let swaks = Swaks {
                    server: *server,
                    from: &from,
                    to: &[to],
                    mail: &mail,
                    options: &[],
                };
                swaks.send_well();
            }
            Client::Pager(pager) => {
                let (_, answer) = pager.send(to, "-", text);
                let done = if is_mail(to) { "kept" } else { "done" };
                assert_eq!(answer, format!("ACK {done}"), "to {to}");
            }
        }
    }

    /// Takes the next message.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> Shown {
        match &mut self.client {
            Client::Sip(server, _) => {
                let message = server.receive(Transport::Tcp);
                Shown {
                    from: message.uri("From").unwrap_or_default().to_owned(),
                    text: String::from_utf8_lossy(message.body()).into_owned(),
                }
            }
            Client::Xmpp(client) => {
                let stanza = client.receive();
                Shown {
                    from: stanza.bare_from().to_owned(),
                    text: stanza.body().unwrap_or_else(|| stanza.xml()).to_owned(),
                }
            }
            Client::Mail(_, mailbox) => {
                let mail = mailbox.receive();
                Shown {
                    from: mail.get("address").to_owned(),
                    text: mail.text(),
                }
            }
            Client::Pager(pager) => {
                let page = pager.receive();
                Shown {
                    from: page.from,
                    text: page.text,
                }
            }
        }
    }

    /// Takes the next message of a SIP user, as it is on the wire.
    ///
    /// # Panics
    /// When none comes in time, or the user is not on SIP.
    pub fn receive_sip(&mut self) -> SipMessage {
        match &mut self.client {
            Client::Sip(server, _) => server.receive(Transport::Tcp),
            _ => panic!("{} is not on SIP", self.inbox),
        }
    }

    /// Sends content from a SIP user.
    ///
    /// # Panics
    /// When it is not taken, or the user is not on SIP.
    pub fn send_entity(&mut self, to: &str, entity: &Entity) {
        let from = self.native(self.inbox);
        let Client::Sip(_, client) = &mut self.client else {
            panic!("{} is not on SIP", self.inbox);
        };
        let message = Outgoing {
            content_type: &entity.content_type,
            body: &entity.body,
            ..Outgoing::text(&from, to, "")
        };
        let answer = client.send(message);
        assert_eq!(
            answer.status(),
            Some(if is_mail(to) { 202 } else { 200 }),
            "{}",
            answer.head()
        );
    }

    /// Whether the user's messages are mails.
    pub fn has_mailbox(&self) -> bool {
        matches!(self.client, Client::Mail(..))
    }

    /// Whether the user has a pager.
    pub fn has_pager(&self) -> bool {
        matches!(self.client, Client::Pager(_))
    }

    /// An inbox as this user writes it.
    fn native(&self, inbox: &str) -> String {
        let address = inbox.trim_start_matches("im:");
        match self.client {
            Client::Sip(..) => format!("sip:{address}"),
            Client::Xmpp(_) => unescaped(address).replace('/', r"\2f"),
            Client::Mail(..) => unescaped(address),
            Client::Pager(_) => address.to_owned(),
        }
    }
}

/// Whether a mail server takes what is written to this address: then it is on its way, and not there.
fn is_mail(to: &str) -> bool {
    let is_of = |domain: &&str| to.ends_with(&format!("@{domain}"));
    DOMAINS[2..].iter().any(is_of)
}

/// The domains that a network sends to the gateway: all but its own.
fn all_but(own: usize) -> Vec<&'static str> {
    let others = DOMAINS.iter().enumerate().filter(|(at, _)| *at != own);
    let others = others.map(|(_, domain)| *domain);
    others.chain([PAGER_DOMAIN, RELAY]).collect()
}

//! One gateway between four networks, two of each protocol, with one user each.

use std::net::SocketAddr;

use crate::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        Ejabberd, Prosody, Reply, SippClient, SippServer, SlixmppClient, Transport, XmppServer,
        XmppSettings,
        sipp::{Outgoing, SIP_HOST},
    },
    ports::Port,
};

/// The second one is bücher.example.
const SIP_DOMAINS: [&str; 2] = ["one.example", "xn--bcher-kva.example"];
const XMPP_DOMAINS: [&str; 2] = ["three.example", "four.example"];
const COMPONENTS: [&str; 2] = ["three.relay.example", "four.relay.example"];

/// The gateway, the users, and the servers that have to go on running.
#[derive(Debug)]
pub struct Networks {
    gateway: Gateway,
    users: [User; 4],
    _prosody: Prosody,
    _ejabberd: Ejabberd,
    _ports: [Port; 2],
}

/// Someone with a client of their own network.
#[derive(Debug)]
pub struct User {
    /// The user's inbox.
    pub inbox: &'static str,
    adapter: &'static str,
    client: Client,
}

/// What a client shows of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The sender's address, as one writes it there.
    pub from: String,
    /// The text.
    pub text: String,
}

#[derive(Debug)]
enum Client {
    Sip(Box<SippServer>, SippClient),
    Xmpp(SlixmppClient),
}

impl Networks {
    /// Starts all of it.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts all of it so that XMPP users know everybody by a plain address at their own component's domain.
    pub fn start_with_aliases() -> Self {
        let alias = |address: &str, adapter: &str, component: &str| {
            let (user, _) = address.split_once('@').unwrap_or_default();
            format!(
                "[[aliases]]\naddress = {address:?}\nshown_as = \"{user}@{component}\"\n\
                 adapters = [{adapter:?}]\n"
            )
        };
        let [three, four] = [("three", COMPONENTS[0]), ("four", COMPONENTS[1])];
        let of_sip = ["alice@one.example", "b%C3%B6b@xn--bcher-kva.example"];
        let aliases = of_sip
            .map(|user| [(user, three), (user, four)])
            .concat()
            .into_iter()
            .chain([
                ("juliet@three.example", four),
                ("romeo@four.example", three),
            ]);
        let sections: String = aliases
            .map(|(user, (adapter, component))| alias(user, adapter, component))
            .collect();
        Self::start_with(&sections)
    }

    fn start_with(sections: &str) -> Self {
        let sip = [(); 2].map(|()| SippServer::start(SIP_HOST, &Reply::Status("200 OK")));
        let settings =
            |index: usize| XmppSettings::new(COMPONENTS[index]).with_domain(XMPP_DOMAINS[index]);
        let (prosody, ejabberd) = (Prosody::start(settings(0)), Ejabberd::start(settings(1)));
        let ports = [Port::take(), Port::take()];
        let listen = ports.each_ref().map(gateway::address);
        let config = GatewayConfig::new()
            .with_relay_domains(&COMPONENTS)
            .with_sip("one", &listen[..1], &all_but(SIP_DOMAINS[0]))
            .with_sip("two", &listen[1..], &all_but(SIP_DOMAINS[1]))
            .with_xmpp("three", &prosody.link(), &COMPONENTS[..1])
            .with_xmpp("four", &ejabberd.link(), &COMPONENTS[1..])
            .with_route(
                SIP_DOMAINS[0],
                "one",
                Some(&sip[0].next_hop(Transport::Udp)),
            )
            .with_route(
                SIP_DOMAINS[1],
                "two",
                Some(&sip[1].next_hop(Transport::Udp)),
            )
            .with_route(XMPP_DOMAINS[0], "three", None)
            .with_route(XMPP_DOMAINS[1], "four", None)
            .with_sections(sections);
        let gateway = Gateway::start(&config);
        let [one, two] = sip;
        let users = [
            User::of_sip("one", "im:alice@one.example", one, listen[0]),
            User::of_sip("two", "im:b%C3%B6b@xn--bcher-kva.example", two, listen[1]),
            User::of_xmpp("three", "im:juliet@three.example", prosody.login("juliet")),
            User::of_xmpp("four", "im:romeo@four.example", ejabberd.login("romeo")),
        ];
        Self {
            gateway,
            users,
            _prosody: prosody,
            _ejabberd: ejabberd,
            _ports: ports,
        }
    }

    /// Does the same with each two users: a writer, a reader, and the address where the one finds the other.
    pub fn for_every_ordered_pair(mut self, mut converse: impl FnMut(&mut User, &mut User, &str)) {
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
    fn address(&self, writer: &User, reader: &User) -> String {
        let sender = (reader.adapter, reader.inbox);
        writer.native(&self.gateway.shown_to(writer.inbox, sender))
    }
}

impl User {
    fn of_sip(
        adapter: &'static str,
        inbox: &'static str,
        server: SippServer,
        gateway: SocketAddr,
    ) -> Self {
        let client = SippClient::new(SIP_HOST, Transport::Udp, gateway);
        Self {
            adapter,
            inbox,
            client: Client::Sip(Box::new(server), client),
        }
    }

    fn of_xmpp(adapter: &'static str, inbox: &'static str, client: SlixmppClient) -> Self {
        Self {
            adapter,
            inbox,
            client: Client::Xmpp(client),
        }
    }

    /// Sends a text to a native address.
    ///
    /// # Panics
    /// When a SIP user is not told of success.
    pub fn send(&mut self, to: &str, text: &str) {
        self.send_all(to, [text]);
    }

    /// Sends texts, one after the other.
    ///
    /// # Panics
    /// When a SIP user is not told of success.
    pub fn send_all<'a>(&mut self, to: &str, texts: impl IntoIterator<Item = &'a str>) {
        let from = self.native(self.inbox);
        match &mut self.client {
            Client::Sip(_, client) => {
                let message = |text| Outgoing::text(&from, to, text);
                let messages: Vec<_> = texts.into_iter().map(message).collect();
                for answer in client.send_all(&messages) {
                    assert_eq!(answer.status(), Some(200), "to {to}: {}", answer.head());
                }
            }
            Client::Xmpp(client) => texts.into_iter().for_each(|text| {
                client.send(to, text);
            }),
        }
    }

    /// Takes the next message.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> Shown {
        match &mut self.client {
            Client::Sip(server, _) => {
                let message = server.receive(Transport::Udp);
                Shown {
                    from: message.uri("From").unwrap_or_default().to_owned(),
                    text: String::from_utf8_lossy(message.body()).into_owned(),
                }
            }
            Client::Xmpp(client) => {
                let stanza = client.receive();
                Shown {
                    from: stanza.from().to_owned(),
                    text: stanza.body().unwrap_or_else(|| stanza.xml()).to_owned(),
                }
            }
        }
    }

    /// An inbox as this user writes it: a SIP URI, or a JID in Unicode with its `/` escaped (XEP-0106).
    fn native(&self, inbox: &str) -> String {
        let address = inbox.trim_start_matches("im:");
        match self.client {
            Client::Sip(..) => format!("sip:{address}"),
            Client::Xmpp(_) => unescaped(address).replace('/', r"\2f"),
        }
    }
}

/// What percent-encoded text stands for.
pub(crate) fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(digits, 16));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The domains that the network of this one sends to the gateway.
fn all_but(own: &str) -> Vec<&'static str> {
    let mut domains = [SIP_DOMAINS, XMPP_DOMAINS].concat();
    domains.retain(|domain| *domain != own);
    domains
}

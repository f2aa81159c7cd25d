//! Juliet, and the port of her server where the gateway joins as a component (XEP-0114).

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    error::DemoError,
    events::{self, EventSender},
    stanza,
    xmpp_session::Session,
};

/// The only user of the server, with her device.
pub(crate) const JID: &str = "juliet@xmpp.example/balcony";
/// The only user of the server.
pub(crate) const BARE_JID: &str = "juliet@xmpp.example";
/// The domain of the server.
pub(crate) const DOMAIN: &str = "xmpp.example";
/// The domain of the component, which is the gateway's.
pub(crate) const COMPONENT: &str = "relay.example";
/// What the component proves to know.
pub(crate) const SECRET: &str = "wherefore-art-thou";

/// A user on a server that takes one component at a time.
#[derive(Debug)]
pub(crate) struct XmppUser {
    local: SocketAddr,
    component: Component,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    /// The gateway has shown that it knows the secret.
    Joined,
    /// A message.
    Message(Incoming),
    /// The report that a message of Juliet's was not taken.
    Error {
        wire: String,
        id: String,
        condition: String,
    },
    /// Any other stanza, and what was answered.
    Other {
        wire: String,
        answer: Option<String>,
    },
}

/// A message that came in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) wire: String,
    pub(crate) from: String,
    pub(crate) text: String,
    /// What was answered if it was for nobody here.
    pub(crate) refusal: Option<String>,
}

impl XmppUser {
    /// Opens the port for components and begins to answer on it.
    pub(crate) fn start(events: EventSender) -> Result<Self, DemoError> {
        let failed = || DemoError::io("Juliet's server has no socket");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let local = listener.local_addr().map_err(failed())?;
        let component = Component::default();
        let joined = component.clone();
        events::thread("juliet", move || {
            for stream in listener.incoming().flatten() {
                // A component that goes wrong is cut off, as a server does it; it may come again.
                let _cut_off = Session::new(stream, joined.clone(), events.clone()).serve();
                joined.set(None);
            }
        })?;
        Ok(Self { local, component })
    }

    /// Where the server takes components.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a message as Juliet's client would, and returns it as it went to the component.
    pub(crate) fn write(&self, to: &str, id: &str, text: &str) -> Result<String, DemoError> {
        let wire = stanza::message(JID, to, id, text)?;
        self.component.send(&wire)?;
        Ok(wire)
    }
}

/// The connection of the component that has joined, if one has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Component(Arc<Mutex<Option<TcpStream>>>);

impl Component {
    pub(crate) fn set(&self, stream: Option<TcpStream>) {
        *self.stream() = stream;
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.stream().is_some()
    }

    fn send(&self, wire: &str) -> Result<(), DemoError> {
        let stream = self.stream();
        let mut stream = stream.as_ref().ok_or(DemoError::NoComponent)?;
        stream
            .write_all(wire.as_bytes())
            .map_err(DemoError::io("Juliet's server cannot send"))
    }

    fn stream(&self) -> MutexGuard<'_, Option<TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use rialto_xmpp_codec::{
        ComponentStream, Condition, Handshake, HandshakeProgress, Iq, LangText, Limits, Message,
        Stanza, StreamEvent,
    };

    use super::*;
    use crate::events::{Event, Events};

    /// A component that has joined, as the gateway does it.
    struct Peer {
        connection: TcpStream,
        stream: ComponentStream,
    }

    impl Peer {
        fn join(server: SocketAddr, secret: &str) -> io::Result<Self> {
            let mut connection = TcpStream::connect(server)?;
            let mut out = Vec::new();
            let start = Handshake::start(COMPONENT, secret, Limits::default(), &mut out);
            let mut handshake = start.unwrap();
            loop {
                connection.write_all(&out)?;
                out.clear();
                let mut buffer = [0; 1024];
                let count = connection.read(&mut buffer)?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                match handshake.read(&mut &buffer[..count], &mut out).unwrap() {
                    HandshakeProgress::Pending(pending) => handshake = pending,
                    HandshakeProgress::Done(stream) => return Ok(Self { connection, stream }),
                }
            }
        }

        fn write(&mut self, stanza: impl Into<Stanza>) {
            let mut out = Vec::new();
            self.stream
                .writer()
                .write(&stanza.into(), &mut out)
                .unwrap();
            self.connection.write_all(&out).unwrap();
        }

        fn read(&mut self) -> Stanza {
            loop {
                let mut byte = [0];
                self.connection.read_exact(&mut byte).unwrap();
                if let Some(event) = self.stream.read(&mut &byte[..]).unwrap() {
                    let StreamEvent::Stanza(stanza) = event else {
                        panic!("{event:?}")
                    };
                    return stanza;
                }
            }
        }
    }

    fn joined() -> (XmppUser, Peer, Events) {
        let (sender, events) = events::channel();
        let user = XmppUser::start(sender).unwrap();
        let peer = Peer::join(user.local_address(), SECRET).unwrap();
        (user, peer, events)
    }

    fn message(to: &'static str) -> Message {
        Message {
            from: Some("sip=sip.example\\2fromeo@relay.example".into()),
            to: Some(to.into()),
            id: Some("1".into()),
            bodies: vec![LangText::new("Adieu <&> 🌹")],
            ..Message::default()
        }
    }

    fn wait(events: &mut Events, mut is_it: impl FnMut(&Received) -> bool) -> Received {
        let found = events.wait("it", |event| match event {
            Event::Xmpp(received) if is_it(&received) => Ok(received),
            event => Err(event),
        });
        found.unwrap()
    }

    #[test]
    fn server_refuses_a_component_with_another_secret() {
        let (sender, _events) = events::channel();
        let user = XmppUser::start(sender).unwrap();
        assert!(Peer::join(user.local_address(), "guess").is_err());
        assert!(matches!(
            user.write("a@relay.example", "1", ""),
            Err(DemoError::NoComponent)
        ));
    }

    #[test]
    fn server_takes_a_message_for_juliet_as_it_was_on_the_wire() {
        let (_user, mut peer, mut events) = joined();
        peer.write(message(BARE_JID));
        let received = wait(&mut events, |received| {
            matches!(received, Received::Message(_))
        });
        let Received::Message(incoming) = received else {
            unreachable!()
        };
        let Incoming {
            wire,
            text,
            refusal,
            ..
        } = incoming;
        assert!(
            wire.starts_with("<message from=") && wire.ends_with("</message>"),
            "{wire}"
        );
        assert_eq!((text.as_str(), refusal), ("Adieu <&> 🌹", None));
    }

    #[test]
    fn server_refuses_a_message_for_nobody_before_it_answers_a_ping() {
        let (_user, mut peer, _events) = joined();
        peer.write(message("nurse@xmpp.example"));
        peer.write(Iq::ping(COMPONENT.into(), DOMAIN.into(), "2".into()));
        let Stanza::Message(refusal) = peer.read() else {
            panic!("no message")
        };
        assert_eq!(refusal.error.unwrap().condition, Condition::ItemNotFound);
        assert_eq!(refusal.id.as_deref(), Some("1"));
        let Stanza::Iq(pong) = peer.read() else {
            panic!("no iq")
        };
        assert_eq!(
            (pong.type_.as_str(), pong.id.as_deref()),
            ("result", Some("2"))
        );
    }

    #[test]
    fn juliet_writes_to_the_component() {
        let (user, mut peer, mut events) = joined();
        wait(&mut events, |received| matches!(received, Received::Joined));
        user.write(
            "sip=sip.example\\2fromeo@relay.example",
            "j1",
            "Come & hear",
        )
        .unwrap();
        let Stanza::Message(message) = peer.read() else {
            panic!("no message")
        };
        assert_eq!(message.from.as_deref(), Some(JID));
        assert_eq!(message.bodies[0].text, "Come & hear");
    }
}

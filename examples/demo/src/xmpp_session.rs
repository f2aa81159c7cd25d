//! The server's end of a component's stream (XEP-0114).

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use rialto_xmpp_codec::{
    Condition, ContentNamespace, Jid, Limits, Message, MessageType, ReadError, Stanza, StreamEvent,
    StreamHeader, StreamReader, WriteError, namespace,
};
use sha1::{Digest, Sha1};

use crate::{
    events::{Event, EventSender},
    stanza,
    xmpp_user::{BARE_JID, COMPONENT, Component, Incoming, Received, SECRET},
};

/// One connection, from its first byte.
#[derive(Debug)]
pub(crate) struct Session {
    stream: TcpStream,
    component: Component,
    events: EventSender,
    id: String,
    reader: StreamReader,
    /// What was read of the stanza that is not whole yet.
    wire: Vec<u8>,
}

impl Session {
    pub(crate) fn new(stream: TcpStream, component: Component, events: EventSender) -> Self {
        let id = format!("{:016x}", rand::random::<u64>());
        let reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        Self {
            stream,
            component,
            events,
            id,
            reader,
            wire: Vec::new(),
        }
    }

    /// Answers until the component leaves, or does what it must not.
    pub(crate) fn serve(mut self) -> Result<(), SessionError> {
        let mut buffer = [0; 8192];
        loop {
            let count = self.stream.read(&mut buffer)?;
            let mut input = buffer.get(..count).unwrap_or_default();
            if input.is_empty() {
                return Ok(());
            }
            while let Some((event, wire)) = self.next_event(&mut input)? {
                self.take(event, wire)?;
            }
        }
    }

    /// The next event, with the bytes that it came as.
    fn next_event(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<(StreamEvent, String)>, ReadError> {
        let before = *input;
        let event = self.reader.read(input)?;
        let read = before.len() - input.len();
        self.wire.extend(before.iter().take(read));
        Ok(event.map(|event| {
            let wire = String::from_utf8_lossy(&self.wire).trim().to_owned();
            self.wire.clear();
            (event, wire)
        }))
    }

    fn take(&mut self, event: StreamEvent, wire: String) -> Result<(), SessionError> {
        match event {
            StreamEvent::Header(header) => self.open(&header),
            StreamEvent::Element(element) if element.is(namespace::COMPONENT, "handshake") => {
                self.admit(&element.text())
            }
            StreamEvent::Stanza(stanza) if self.component.is_joined() => {
                let received = self.answer(stanza, wire)?;
                Ok(self.events.send(Event::Xmpp(received))?)
            }
            _ => Err(SessionError::Over),
        }
    }

    fn open(&mut self, header: &StreamHeader) -> Result<(), SessionError> {
        if header.to.as_deref() != Some(COMPONENT) {
            return Err(SessionError::Over);
        }
        let (content, stream, id) = (namespace::COMPONENT, namespace::STREAM, &self.id);
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{content}' xmlns:stream='{stream}' \
             from='{COMPONENT}' id='{id}'>"
        );
        Ok(self.stream.write_all(header.as_bytes())?)
    }

    /// Lets the component in if it knows the secret (XEP-0114 §3).
    fn admit(&mut self, proof: &str) -> Result<(), SessionError> {
        let digest = Sha1::new()
            .chain_update(&self.id)
            .chain_update(SECRET)
            .finalize();
        let expected: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if proof != expected {
            return Err(SessionError::Over);
        }
        self.stream.write_all(b"<handshake/>")?;
        self.component.set(Some(self.stream.try_clone()?));
        Ok(self.events.send(Event::Xmpp(Received::Joined))?)
    }

    /// Answers what a server would answer, before the next stanza is looked at.
    fn answer(&mut self, stanza: Stanza, wire: String) -> Result<Received, SessionError> {
        match stanza {
            Stanza::Message(message) if message.type_ == MessageType::Error => {
                Ok(report(message, wire))
            }
            Stanza::Message(message) => {
                let refusal = if is_for_juliet(&message) {
                    None
                } else {
                    Some(stanza::refusal(&message, &Condition::ItemNotFound)?)
                };
                self.write(refusal.as_deref())?;
                let from = message.from.unwrap_or_default().to_string();
                let text = message.bodies.first().map(|body| body.text.to_string());
                Ok(Received::Message(Incoming {
                    wire,
                    from,
                    text: text.unwrap_or_default(),
                    refusal,
                }))
            }
            Stanza::Iq(iq) => {
                let answer = stanza::answer(&iq)?;
                self.write(answer.as_deref())?;
                Ok(Received::Other { wire, answer })
            }
            Stanza::Presence(_) => Ok(Received::Other { wire, answer: None }),
        }
    }

    fn write(&mut self, answer: Option<&str>) -> Result<(), SessionError> {
        Ok(self
            .stream
            .write_all(answer.unwrap_or_default().as_bytes())?)
    }
}

/// Why a component is cut off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the connection broke")]
    Io(#[from] io::Error),
    #[error("the component sent no XMPP")]
    Read(#[from] ReadError),
    #[error("the answer cannot be written")]
    Write(#[from] WriteError),
    #[error("the component ended the stream, or sent what has no place in it")]
    Over,
}

fn is_for_juliet(message: &Message) -> bool {
    let to = message.to.as_deref().and_then(|to| Jid::parse(to).ok());
    to.is_some_and(|to| to.bare() == BARE_JID)
}

fn report(message: Message, wire: String) -> Received {
    let condition = message.error.map(|error| error.condition.name().to_owned());
    Received::Error {
        wire,
        id: message.id.unwrap_or_default().to_string(),
        condition: condition.unwrap_or_default(),
    }
}

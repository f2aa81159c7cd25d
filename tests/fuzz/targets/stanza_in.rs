//! A component's stream: bytes in any chunks are the same events, a stanza that is written is the one that was read, and
//! one beyond the limits is refused alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_xmpp_codec::{
    ChatState, ComponentStream, Condition, Delay, Handshake, HandshakeProgress, Hint, Jid, Limits,
    Marker, Message, Payload, Receipt, Stanza, StanzaId, StreamEvent,
};

const ACCEPTED: &[u8] = b"<stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/>";

fuzz_target!(|data: &[u8]| {
    let Some((&chunk, bytes)) = data.split_first() else {
        return;
    };
    let chunk = usize::from(chunk) + 1;
    let events = read(bytes, usize::MAX, Limits::default());
    assert_eq!(events, read(bytes, chunk, Limits::default()));
    let fewer = read(bytes, usize::MAX, STRICT);
    assert_eq!(fewer, read(bytes, chunk, STRICT));
    for (strict, event) in fewer.iter().zip(&events) {
        assert_eq!(kind(strict), kind(event));
        let is_whole = !matches!(strict, StreamEvent::Refused(_) | StreamEvent::Error(_));
        assert!(!is_whole || strict == event, "{strict:?} {event:?}");
    }
    for event in events {
        if let StreamEvent::Stanza(stanza) = event {
            addresses(&stanza);
            payloads(&stanza);
            survives_writing(writable(stanza));
        }
    }
});

/// Limits that short inputs cross.
const STRICT: Limits = Limits {
    stanza_bytes: 256,
    token_bytes: 40,
    depth: 4,
    attributes: 4,
    elements: 4,
};

/// What an event is, whether it was refused or not.
fn kind(event: &StreamEvent) -> &'static str {
    let stanza = match event {
        StreamEvent::Stanza(stanza) => Some(stanza),
        StreamEvent::Refused(refused) => refused.head.as_ref(),
        StreamEvent::Error(_) => return "stream error",
        StreamEvent::End => return "end",
        _ => None,
    };
    match stanza {
        Some(Stanza::Message(_)) => "message",
        Some(Stanza::Presence(_)) => "presence",
        Some(Stanza::Iq(_)) => "iq",
        None => "other element",
    }
}

/// A stream on which the server has accepted the component.
fn accepted(limits: Limits) -> ComponentStream {
    let mut sent = Vec::new();
    let started = Handshake::start("sip.example", "secret", limits, &mut sent);
    let handshake = started.expect("XML can carry the domain");
    match handshake.read(&mut &ACCEPTED[..], &mut sent) {
        Ok(HandshakeProgress::Done(stream)) => stream,
        other => panic!("not accepted: {other:?}"),
    }
}

/// The events before the first error; that may be noticed later when the bytes come in more chunks.
fn read(bytes: &[u8], chunk: usize, limits: Limits) -> Vec<StreamEvent> {
    let (mut stream, mut events) = (accepted(limits), Vec::new());
    for mut rest in bytes.chunks(chunk) {
        loop {
            match stream.read(&mut rest) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return events,
            }
        }
    }
    events
}

fn addresses(stanza: &Stanza) {
    let Stanza::Message(message) = stanza else {
        return;
    };
    for address in [&message.from, &message.to].into_iter().flatten() {
        let Ok(jid) = Jid::parse(address) else {
            continue;
        };
        assert_eq!(Jid::parse(jid.as_str()).as_ref(), Ok(&jid));
        if let Ok(Some(text)) = jid.reversible_local_text() {
            let back = Jid::from_text(&text, jid.domain());
            assert_eq!(back.as_ref().map(Jid::as_str), Ok(jid.bare()));
        }
    }
}

fn payloads(stanza: &Stanza) {
    let Stanza::Message(message) = stanza else {
        return;
    };
    come_back::<Receipt>(message);
    come_back::<Marker>(message);
    come_back::<ChatState>(message);
    come_back::<Delay>(message);
    come_back::<StanzaId>(message);
    come_back::<Hint>(message);
}

fn come_back<P: Payload + PartialEq + std::fmt::Debug>(message: &Message) {
    for payload in message.payloads::<P>().flatten() {
        // A time at either end of the range may be out of it in UTC.
        if let Ok(element) = payload.to_element() {
            assert_eq!(P::from_element(&element), Some(Ok(payload)));
        }
    }
}

/// The stanza, with the condition that stands for those that RFC 6120 does not have: no other may be written (§8.3.3).
fn writable(mut stanza: Stanza) -> Stanza {
    let error = match &mut stanza {
        Stanza::Message(message) => &mut message.error,
        Stanza::Presence(presence) => &mut presence.error,
        Stanza::Iq(iq) => &mut iq.error,
    };
    if let Some(error) = error
        && matches!(error.condition, Condition::Other(_))
    {
        error.condition = Condition::UndefinedCondition;
    }
    stanza
}

fn survives_writing(stanza: Stanza) {
    let mut stream = accepted(Limits::default());
    let mut bytes = Vec::new();
    // What was read may be larger than what may be written, but never different.
    if stream.writer().write(&stanza, &mut bytes).is_err() {
        return;
    }
    let again = stream.read(&mut &bytes[..]);
    assert_eq!(
        again,
        Ok(Some(StreamEvent::Stanza(stanza))),
        "{}",
        bytes.escape_ascii()
    );
}

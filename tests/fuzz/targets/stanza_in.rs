//! A component's stream: bytes in any chunks are the same events, and a stanza that is written is the one that was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_xmpp_codec::{
    ComponentStream, Handshake, HandshakeProgress, Jid, Limits, Stanza, StreamEvent,
};

const ACCEPTED: &[u8] = b"<stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/>";

fuzz_target!(|data: &[u8]| {
    let Some((&chunk, bytes)) = data.split_first() else {
        return;
    };
    let events = read(bytes, usize::MAX);
    assert_eq!(events, read(bytes, usize::from(chunk) + 1));
    for event in events {
        if let StreamEvent::Stanza(stanza) = event {
            addresses(&stanza);
            survives_writing(stanza);
        }
    }
});

/// A stream on which the server has accepted the component.
fn accepted() -> ComponentStream {
    let mut sent = Vec::new();
    let started = Handshake::start("sip.example", "secret", Limits::default(), &mut sent);
    let handshake = started.expect("XML can carry the domain");
    match handshake.read(&mut &ACCEPTED[..], &mut sent) {
        Ok(HandshakeProgress::Done(stream)) => stream,
        other => panic!("not accepted: {other:?}"),
    }
}

/// The events before the first error; that may be noticed later when the bytes come in more chunks.
fn read(bytes: &[u8], chunk: usize) -> Vec<StreamEvent> {
    let (mut stream, mut events) = (accepted(), Vec::new());
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

fn survives_writing(stanza: Stanza) {
    let mut stream = accepted();
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

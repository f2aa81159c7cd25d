//! Joining a server as a component (XEP-0114).

use rialto_xmpp_codec::{
    Handshake, HandshakeError, HandshakeProgress, Limits, Stanza, StreamCondition, StreamEvent,
};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
    xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>";

fn start() -> (Handshake, Vec<u8>) {
    let mut out = Vec::new();
    let limits = Limits::default();
    let handshake = Handshake::start("plays.shakespeare.lit", "test", limits, &mut out).unwrap();
    (handshake, out)
}

fn fails(answer: &str) -> HandshakeError {
    let (handshake, mut out) = start();
    handshake
        .read(&mut answer.as_bytes(), &mut out)
        .expect_err(answer)
}

#[test]
fn handshake_opens_the_stream_and_proves_the_secret() {
    let (handshake, mut out) = start();
    assert_eq!(
        String::from_utf8(std::mem::take(&mut out)).unwrap(),
        "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
         xmlns:stream='http://etherx.jabber.org/streams' to='plays.shakespeare.lit'>"
    );
    let progress = handshake.read(&mut HEADER.as_bytes(), &mut out).unwrap();
    let HandshakeProgress::Pending(handshake) = progress else {
        panic!("done too early")
    };
    // sha1("3BF96D32" + "test"), by sha1sum
    assert_eq!(
        out,
        b"<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>"
    );
    out.clear();
    let mut input: &[u8] = b"<handshake/><message from='a@b'><body>x</body></message>";
    let progress = handshake.read(&mut input, &mut out).unwrap();
    let HandshakeProgress::Done(mut stream) = progress else {
        panic!("not done")
    };
    assert_eq!(out, b"", "nothing more to say");
    let Some(StreamEvent::Stanza(Stanza::Message(message))) = stream.read(&mut input).unwrap()
    else {
        panic!("what follows the handshake is lost")
    };
    assert_eq!(message.from.as_deref(), Some("a@b"));
}

#[test]
fn handshake_goes_on_when_its_bytes_come_one_by_one() {
    let (mut handshake, mut out) = start();
    let answer = format!("{HEADER}\n<handshake></handshake>");
    let mut bytes = answer.as_bytes().chunks(1);
    loop {
        let mut byte = bytes.next().expect("done before the end");
        match handshake.read(&mut byte, &mut out).unwrap() {
            HandshakeProgress::Pending(pending) => handshake = pending,
            HandshakeProgress::Done(_) => break,
        }
    }
    assert!(bytes.next().is_none());
}

#[test]
fn handshake_fails_with_the_reason_the_server_gives() {
    let answer = |condition: &str| {
        format!(
            "{HEADER}<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        )
    };
    assert_eq!(
        fails(&answer("not-authorized")),
        HandshakeError::NotAuthorized
    );
    assert_eq!(fails(&answer("host-unknown")), HandshakeError::HostUnknown);
    assert_eq!(fails(&answer("conflict")), HandshakeError::Conflict);
    let other = fails(&answer("system-shutdown"));
    assert!(
        matches!(&other, HandshakeError::Stream(error) if error.condition == StreamCondition::SystemShutdown)
    );
    assert_eq!(
        other.to_string(),
        "the server ended the stream: system-shutdown"
    );
}

#[test]
fn handshake_fails_when_the_server_breaks_the_protocol() {
    assert_eq!(
        fails(&format!("{HEADER}</stream:stream>")),
        HandshakeError::Closed
    );
    assert_eq!(
        fails(&format!("{HEADER}<message/>")),
        HandshakeError::Unexpected
    );
    assert_eq!(
        fails(&HEADER.replace(" id='3BF96D32'", "")),
        HandshakeError::NoId
    );
    assert!(matches!(
        fails("HTTP/1.1 400 Bad Request"),
        HandshakeError::Read(_)
    ));
    assert!(matches!(
        fails(&HEADER.replace("component:accept", "client")),
        HandshakeError::Read(_)
    ));
}

#[test]
fn handshake_never_shows_the_secret() {
    let mut out = Vec::new();
    let handshake = Handshake::start("a.example", "hunter2", Limits::default(), &mut out).unwrap();
    assert!(!format!("{handshake:?}").contains("hunter2"));
    assert!(!String::from_utf8(out).unwrap().contains("hunter2"));
}

//! Sessions: those of the RFCs, and those of clients that mean harm.
#![allow(clippy::panic, reason = "test code")]

mod commands;
mod hostile;
mod pieces;
mod transcripts;

use rialto_email_codec::smtp::{Envelope, Event, Protocol, Reply, Session, SessionOptions};

/// What came of a session: the codes that the client saw, and the messages that the server took.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) codes: Vec<u16>,
    pub(crate) messages: Vec<(Envelope, String)>,
    pub(crate) left: usize,
    pub(crate) closed: bool,
}

pub(crate) fn options(protocol: Protocol) -> SessionOptions {
    SessionOptions::new(protocol, "rialto.example".parse().expect("a name"))
}

pub(crate) fn reply(code: u16) -> Reply {
    Reply::new(code, None, "decided").expect("a code")
}

/// Who is unknown here, and who is only refused after the message.
fn decide(event: &Event) -> u16 {
    let Event::Recipient(recipient) = event else {
        return 250;
    };
    let path = recipient.forward_path.to_string();
    let unknown = [
        "Green@foo.com",
        "jones@foo.edu",
        "nsb@",
        "galvin@",
        "Carol@",
    ];
    if unknown.iter().any(|name| path.contains(name)) {
        550
    } else {
        250
    }
}

pub(crate) fn run(mut session: Session, input: &[u8], piece: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut output = Vec::new();
    for piece in input.chunks(piece.max(1)) {
        let mut piece = piece;
        while let Some(event) = session.handle_bytes(&mut piece) {
            match event {
                Event::Message { envelope, content } => {
                    let content = String::from_utf8(content.to_vec()).expect("the tests send text");
                    for index in 0..session.answers_due() {
                        let over_quota = envelope.recipients.get(index).is_some_and(|recipient| {
                            recipient.forward_path.to_string().contains("green@foo.edu")
                        });
                        session
                            .answer(&reply(if over_quota { 452 } else { 250 }))
                            .expect("due");
                    }
                    outcome.messages.push((envelope, content));
                }
                Event::Closed => outcome.closed = true,
                Event::StartTls => session.tls_started(),
                decision => session.answer(&reply(decide(&decision))).expect("due"),
            }
        }
        outcome.left += piece.len();
        output.extend_from_slice(&session.take_output());
    }
    output.extend_from_slice(&session.take_output());
    let output = String::from_utf8(output).expect("replies are text");
    assert!(output.ends_with("\r\n"), "{output:?}");
    outcome.codes = output
        .lines()
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| {
            line.get(..3)
                .and_then(|code| code.parse().ok())
                .expect("a code")
        })
        .collect();
    outcome
}

/// Plays the client of a transcript; the codes must be its server's. Cut in whatever pieces, nothing changes.
pub(crate) fn replay(protocol: Protocol, transcript: &str) -> Outcome {
    let (client, server): (Vec<&str>, Vec<&str>) =
        transcript.lines().partition(|line| line.starts_with("C:"));
    let input: String = client
        .iter()
        .map(|line| line.strip_prefix("C: ").unwrap_or_default())
        .flat_map(|line| [line, "\r\n"])
        .collect();
    let expected: Vec<u16> = server
        .iter()
        .filter_map(|line| line.strip_prefix("S: "))
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| {
            line.get(..3)
                .and_then(|code| code.parse().ok())
                .expect("a code")
        })
        .collect();
    let whole = run(
        Session::new(options(protocol)),
        input.as_bytes(),
        usize::MAX,
    );
    for piece in [1, 2, 7, 64] {
        assert_eq!(
            run(Session::new(options(protocol)), input.as_bytes(), piece),
            whole
        );
    }
    assert_eq!(whole.codes, expected);
    assert!(whole.closed);
    whole
}

pub(crate) fn paths(envelope: &Envelope) -> Vec<String> {
    envelope
        .recipients
        .iter()
        .map(|recipient| recipient.forward_path.to_string())
        .collect()
}

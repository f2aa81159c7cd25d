//! What a client sends. Cut anywhere, it means the same; nothing is held beyond its bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_email_codec::{
    Mailbox,
    limits::MAX_COMMAND_LINE,
    smtp::{Event, Protocol, Reply, Session, SessionOptions, StartTls},
};

const MAX_MESSAGE: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let Some((&first, input)) = input.split_first() else {
        return;
    };
    let protocol = if first & 1 == 0 {
        Protocol::Smtp
    } else {
        Protocol::Lmtp
    };
    let starttls = match first & 6 {
        0 | 2 => StartTls::NotOffered,
        4 => StartTls::Offered,
        _ => StartTls::Required,
    };
    let piece = usize::from(first >> 3) + 1;
    // What was read behind STARTTLS is dropped, so there the cut matters.
    if starttls == StartTls::NotOffered {
        assert_eq!(
            run(protocol, starttls, input, piece),
            run(protocol, starttls, input, usize::MAX)
        );
    } else {
        run(protocol, starttls, input, piece);
    }
});

fn run(
    protocol: Protocol,
    starttls: StartTls,
    input: &[u8],
    piece: usize,
) -> (Vec<Event>, Vec<u8>) {
    let host = "rialto.example".parse().expect("a name");
    let options = SessionOptions::new(protocol, host)
        .with_starttls(starttls)
        .with_max_message(MAX_MESSAGE)
        .with_max_recipients(4);
    let mut session = Session::new(options);
    let mut events = Vec::new();
    let mut output = Vec::new();
    let reply = Reply::new(250, None, "ok").expect("a reply");
    for mut piece in input.chunks(piece) {
        while let Some(event) = session.handle_bytes(&mut piece) {
            match &event {
                Event::Message { content, .. } => {
                    assert!(content.len() <= MAX_MESSAGE);
                    assert!(lines_are_whole(content));
                }
                Event::Mail(mail) => {
                    if let Some(mailbox) = mail.reverse_path.mailbox() {
                        assert_eq!(mailbox.to_string().parse::<Mailbox>().as_ref(), Ok(mailbox));
                    }
                }
                Event::StartTls => session.tls_started(),
                _ => {}
            }
            while session.answers_due() > 0 {
                session.answer(&reply).expect("one is due");
            }
            events.push(event);
        }
        assert!(piece.is_empty(), "nothing waits, so all is taken");
        assert!(session.buffered() <= MAX_MESSAGE);
        let part = session.take_output();
        assert!(part.len() <= (input.len() + 2) * 512 + MAX_COMMAND_LINE);
        output.extend_from_slice(&part);
    }
    (events, output)
}

/// No CR without LF, no LF without CR, no NUL.
fn lines_are_whole(content: &[u8]) -> bool {
    let ends = content.windows(2).filter(|pair| pair == b"\r\n").count();
    let count = |octet| content.iter().filter(|found| **found == octet).count();
    count(b'\r') == ends && count(b'\n') == ends && count(0) == 0
}

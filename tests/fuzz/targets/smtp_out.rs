//! What a server answers. Cut anywhere, it means the same; a message is taken once at most, and never before its end was sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_email_codec::{
    ReversePath,
    message::Written,
    smtp::{Client, ClientEvent, Delivery, Protocol},
};

fuzz_target!(|input: &[u8]| {
    let Some((&first, input)) = input.split_first() else {
        return;
    };
    let protocol = if first & 1 == 0 {
        Protocol::Smtp
    } else {
        Protocol::Lmtp
    };
    let piece = usize::from(first >> 1) + 1;
    let whole = run(protocol, input, usize::MAX);
    let pieces = run(protocol, input, piece);
    assert_eq!(whole, pieces);
});

fn run(protocol: Protocol, input: &[u8], piece: usize) -> Vec<ClientEvent> {
    let host = "rialto.example".parse().expect("a name");
    let mut client = Client::new(protocol, host);
    let mut events = Vec::new();
    let mut sent = Vec::new();
    let mut is_under_way = false;
    // Line by line, so that what is answered hangs on no cut.
    for line in input.split_inclusive(|octet| *octet == b'\n') {
        for part in line.chunks(piece) {
            if client.handle_bytes(part).is_err() {
                return events;
            }
        }
        while let Some(event) = client.poll_event() {
            sent.extend_from_slice(&client.take_output());
            match &event {
                ClientEvent::Ready if !is_under_way => {
                    client.deliver(delivery());
                    is_under_way = true;
                    sent.clear();
                }
                ClientEvent::Taken(reply) => {
                    assert!(is_under_way && reply.is_success());
                    assert!(sent.ends_with(b"\r\n.\r\n"), "its end was sent");
                    is_under_way = false;
                }
                ClientEvent::Refused(reply) => {
                    assert!(is_under_way && !reply.is_success());
                    is_under_way = false;
                }
                ClientEvent::StartTls => client.tls_started(),
                ClientEvent::Closed(_) => {
                    events.push(event);
                    return events;
                }
                _ => {}
            }
            events.push(event);
        }
        sent.extend_from_slice(&client.take_output());
    }
    events
}

fn delivery() -> Delivery {
    let mail = b"Subject: hi\r\n\r\n.hi\r\n".to_vec();
    let to = "romeo@mx.example".parse().expect("a mailbox");
    Delivery::new(ReversePath::Null, to, Written::as_it_is(mail))
}

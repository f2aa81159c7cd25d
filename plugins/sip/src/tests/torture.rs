//! The torture messages of RFC 4475 and RFC 5118, each answered over UDP as its section says.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use rialto_sdk::prelude::ResponseStatus;
use rialto_sip_codec::SipMessage;

use super::{Fake, Peer, peer::status, request, start, udp};

/// What is answered; 0 is nothing at all.
///
/// 405 stands for messages that are sound, and of a method that is not served.
const RFC_4475: [(&str, u16); 49] = [
    ("badaspec", 400),
    ("badbranch", 200),
    ("baddate", 405),
    ("baddn", 400),
    ("badinv01", 400),
    ("badvers", 505),
    ("bcast", 0),
    ("bext01", 420),
    ("bigcode", 0),
    ("clerr", 400),
    ("cparam01", 405),
    ("cparam02", 405),
    ("dblreq", 405),
    ("esc01", 405),
    ("esc02", 501),
    ("escnull", 405),
    ("escruri", 400),
    ("insuf", 400),
    ("intmeth", 501),
    ("inv2543", 405),
    ("invut", 405),
    ("longreq", 405),
    ("ltgtruri", 400),
    ("lwsdisp", 200),
    ("lwsruri", 400),
    ("lwsstart", 400),
    ("mcl01", 400),
    ("mismatch01", 400),
    ("mismatch02", 501),
    ("mpart01", 200),
    ("multi01", 400),
    ("ncl", 400),
    ("noreason", 0),
    ("novelsc", 416),
    ("quotbal", 400),
    ("regaut01", 405),
    ("regbadct", 400),
    ("regescrt", 405),
    ("scalar02", 400),
    ("scalarlg", 0),
    ("sdp01", 405),
    ("semiuri", 200),
    ("transports", 200),
    ("trws", 400),
    ("unkscm", 416),
    ("unksm2", 405),
    ("unreason", 0),
    ("wsinv", 405),
    ("zeromf", 200),
];

/// As above; `ipv6-in-sdp` is 400 as its archive has fewer bytes than its Content-Length says.
const RFC_5118: [(&str, u16); 12] = [
    ("ipv4-mapped-ipv6", 405),
    ("ipv6-bad", 400),
    ("ipv6-bug-abnf-3-colons", 200),
    ("ipv6-correct-abnf-2-colons", 200),
    ("ipv6-good", 405),
    ("ipv6-in-sdp", 400),
    ("mult-ip-in-header", 405),
    ("mult-ip-in-sdp", 405),
    ("port-ambiguous", 405),
    ("port-unambiguous", 405),
    ("via-received-param-no-delim", 200),
    ("via-received-param-with-delim", 405),
];

#[tokio::test]
async fn rfc4475_torture_messages_are_answered_as_the_rfc_says() {
    check("rfc4475", ".dat", &RFC_4475, 1).await;
}

#[tokio::test]
async fn rfc5118_torture_messages_are_answered_as_the_rfc_says() {
    check("rfc5118", "", &RFC_5118, 0).await;
}

async fn check(corpus: &str, suffix: &str, messages: &[(&str, u16)], delivered: usize) {
    let gateway = Fake::answering(ResponseStatus::Success);
    let adapter = start(&gateway);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("codec/tests/fixtures")
        .join(corpus);
    let mut wrong = Vec::new();
    for (name, expected) in messages {
        let bytes = std::fs::read(folder.join(format!("{name}{suffix}"))).unwrap();
        let bytes = with_line_ends_of_sip(bytes);
        let peer = Peer::bind_to(listening_for(&bytes)).await;
        let answered = answer(&peer, udp(&adapter), &bytes).await;
        if answered != *expected {
            wrong.push((*name, answered, *expected));
        }
    }
    assert!(wrong.is_empty(), "answered, expected: {wrong:?}");
    assert_eq!(gateway.submitted().len(), delivered);
}

/// Sends it, and after it what is surely answered.
async fn answer(peer: &Peer, adapter: SocketAddr, bytes: &[u8]) -> u16 {
    peer.send(adapter, bytes).await;
    let text = peer.ask(adapter, request("OPTIONS", "after", "", "")).await;
    if text.contains("z9hG4bKafter;") {
        return 0;
    }
    assert!(peer.receive_text().await.contains("z9hG4bKafter;"));
    status(&text)
}

/// An address of our own with the port that the topmost Via wants its answer at.
fn listening_for(bytes: &[u8]) -> SocketAddr {
    let via = SipMessage::salvage(bytes);
    let port = via.and_then(|message| message.via().ok().map(|via| via.port_or_default()));
    let [.., high, low] = std::process::id().to_be_bytes();
    (Ipv4Addr::new(127, 77, high, low), port.unwrap_or(0)).into()
}

/// The archive of RFC 5118 has the line ends of text files, and no empty line at the end.
fn with_line_ends_of_sip(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.contains(&b'\r') {
        return bytes;
    }
    let mut text = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
    if !text.contains("\r\n\r\n") {
        text.push_str("\r\n");
    }
    text.into_bytes()
}

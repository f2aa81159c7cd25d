//! What one chat message costs, in and out.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that cannot start should say so"
)]

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use rialto_xmpp_codec::{
    ComponentStream, Handshake, HandshakeProgress, Jid, LangText, Limits, Message, MessageType,
    Stanza, StreamEvent,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const STANZA: &str = "<message from='juliet@example.com/balcony' to='romeo@sip.example.net' \
    id='fb2e86596c0a43b084f801b9e0f94f30' type='chat'><body>Wherefore art thou Romeo? Deny thy \
    father and refuse thy name; or, if thou wilt not, be but.</body></message>";
const BATCH: usize = 100;

fn main() {
    divan::main();
}

fn stream() -> ComponentStream {
    let mut out = Vec::new();
    let handshake =
        Handshake::start("sip.example.net", "secret", Limits::default(), &mut out).unwrap();
    let mut input: &[u8] = b"<stream:stream xmlns='jabber:component:accept' \
        xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/>";
    match handshake.read(&mut input, &mut out).unwrap() {
        HandshakeProgress::Done(stream) => stream,
        HandshakeProgress::Pending(_) => panic!("handshake is not done"),
    }
}

#[divan::bench]
fn parse_chat_messages(bencher: Bencher<'_, '_>) {
    let bytes = STANZA.repeat(BATCH);
    let mut stream = stream();
    bencher
        .counter(ItemsCount::new(BATCH))
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| {
            let mut input = bytes.as_bytes();
            while let Some(event) = stream.read(&mut input).unwrap() {
                assert!(matches!(event, StreamEvent::Stanza(Stanza::Message(_))));
                black_box(event);
            }
        });
}

#[divan::bench]
fn parse_text_of_references(bencher: Bencher<'_, '_>) {
    let bytes = format!(
        "<message><body>{}</body></message>",
        "a &amp; b ".repeat(20_000)
    );
    let mut stream = stream();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| black_box(stream.read(&mut bytes.as_bytes())).is_ok());
}

#[divan::bench]
fn write_chat_messages(bencher: Bencher<'_, '_>) {
    let writer = stream().writer();
    let message = Stanza::from(Message {
        from: Some("juliet@example.com/balcony".into()),
        to: Some("romeo@sip.example.net".into()),
        id: Some("fb2e86596c0a43b084f801b9e0f94f30".into()),
        type_: MessageType::Chat,
        bodies: vec![LangText::new(
            "Wherefore art thou Romeo? Deny thy father & refuse thy name.",
        )],
        max_forwards: Some(69),
        ..Message::default()
    });
    let mut out = Vec::with_capacity(64 * 1024);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        out.clear();
        for _ in 0..BATCH {
            writer.write(&message, &mut out).unwrap();
        }
        black_box(&out);
    });
}

#[divan::bench]
fn parse_address(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Jid::parse(black_box("juliet@example.com/balcony")));
}

#[divan::bench]
fn address_of_a_source_route(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Jid::from_text(black_box("sip=example.net/romeo"), "relay.example"));
}

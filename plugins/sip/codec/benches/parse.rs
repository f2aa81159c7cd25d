//! What one MESSAGE costs: reading it, answering it, writing it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use std::{hash::RandomState, net::SocketAddr, time::Duration};

use divan::{Bencher, black_box};
use rialto_sip_codec::{
    HeaderName, MessageWriter, Method, Reply, Request, SipMessage, StatusCode, Transport,
    transaction::{FinalAnswer, Receipt, Reliability, ServerTransactions, Timers, TransactionKeys},
};

const MESSAGE: &[u8] = b"MESSAGE sip:bob@gateway.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK0000000000000001;rport\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:alice@load.example>;tag=8f3a2b1c\r\n\
    To: <sip:bob@gateway.example>\r\n\
    Call-ID: 0000000000000001@127.0.0.1\r\n\
    CSeq: 1 MESSAGE\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 100\r\n\r\n\
    0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn index_only(bencher: Bencher<'_, '_>) {
    bencher.bench(|| SipMessage::parse(black_box(MESSAGE)).map(|message| message.body().len()));
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn read_request(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        let message = SipMessage::parse(black_box(MESSAGE)).unwrap();
        let request = Request::read(&message).unwrap();
        black_box(&request);
        request.cseq().number()
    });
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn write_response(bencher: Bencher<'_, '_>) {
    let message = SipMessage::parse(MESSAGE).unwrap();
    let request = Request::read(&message).unwrap();
    let source: SocketAddr = ([127, 0, 0, 1], 40_000).into();
    let mut output = Vec::with_capacity(2_048);
    bencher.bench_local(|| {
        output.clear();
        let (source, to_tag) = (Some(source), "4bdf9e12");
        let reply = Reply {
            status: StatusCode::OK,
            reason: "",
            source,
            to_tag,
        };
        MessageWriter::response(&mut output, black_box(&request), &reply).finish(b"")
    });
}

/// What the table costs: the key of a new request, its place, its answer and its end.
#[divan::bench(sample_count = 200, sample_size = 500)]
fn server_transaction(bencher: Bencher<'_, '_>) {
    #[derive(Clone, PartialEq)]
    struct Ok;
    impl FinalAnswer for Ok {
        fn status(&self) -> StatusCode {
            StatusCode::OK
        }
    }
    let message = SipMessage::parse(MESSAGE).unwrap();
    let request = Request::read(&message).unwrap();
    let keys = TransactionKeys::new(RandomState::new());
    let mut table = ServerTransactions::new(Timers::DEFAULT, 1);
    let mut now = start();
    bencher.bench_local(|| {
        let key = keys.of(black_box(&request));
        assert!(table.receive(now, key, Reliability::Unreliable) == Receipt::New);
        table.respond(now, key, Ok).unwrap();
        now += Duration::from_secs(64);
        table.poll(now)
    });
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn write_request(bencher: Bencher<'_, '_>) {
    let mut output = Vec::with_capacity(2_048);
    bencher.bench_local(|| {
        output.clear();
        MessageWriter::request(
            &mut output,
            Method::Message,
            black_box("sip:bob@sink.example"),
        )
        .via(Transport::Udp, "127.0.0.1:5060", "z9hG4bK0000000000000001")
        .max_forwards(70)
        .from("", "sip:alice@gateway.example", "8f3a2b1c")
        .to("", "sip:bob@sink.example", "")
        .call_id("0000000000000001@127.0.0.1")
        .cseq(1, Method::Message)
        .header(HeaderName::ContentType, "text/plain")
        .finish(&[b'x'; 100])
    });
}

#[expect(clippy::disallowed_methods, reason = "any fixed point will do")]
fn start() -> std::time::Instant {
    std::time::Instant::now()
}

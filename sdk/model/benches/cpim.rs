//! What a message costs in the common format.

use divan::{Bencher, black_box, counter::ItemsCount};
use rialto_model::{ByteString, Bytes, CpimMessage, InstantInbox, MetaSyntax};

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

const PLAIN: &[u8] = b"From: <im:romeo@example.net>\r\n\
    To: <im:juliet@example.com>\r\n\
    DateTime: 2026-11-21T07:00:00Z\r\n\
    \r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    \r\n\
    Neither, fair saint, if either thee dislike.";

const RICH: &[u8] = b"From: MR SANDERS <im:piglet@100akerwood.com>\r\n\
    To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n\
    DateTime: 2000-12-13T13:40:00-08:00\r\n\
    Subject: the weather will be fine today\r\n\
    Subject:;lang=fr beau temps prevu pour aujourd'hui\r\n\
    NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
    Require: MyFeatures.VitalMessageOption\r\n\
    MyFeatures.VitalMessageOption: Confirmation-requested\r\n\
    MyFeatures.WackyMessageOption: Use-silly-font\r\n\
    \r\n\
    Content-type: text/xml; charset=utf-8\r\n\
    Content-ID: <1234567890@foo.com>\r\n\
    \r\n\
    <body>\r\nHere is the text of my message.\r\n</body>\r\n";

/// Shared as a message from a socket is, not static.
fn named(example: &str) -> Bytes {
    let text = if example == "plain" { PLAIN } else { RICH };
    Bytes::copy_from_slice(text)
}

#[divan::bench(args = ["plain", "rich"])]
fn parse(bencher: Bencher<'_, '_>, example: &str) {
    let bytes = named(example);
    bencher
        .counter(ItemsCount::new(1usize))
        .bench(|| CpimMessage::parse(black_box(bytes.clone())).expect("an example of the RFC"));
}

#[divan::bench(args = ["plain", "rich"])]
fn write(bencher: Bencher<'_, '_>, example: &str) {
    let message = CpimMessage::parse(named(example)).expect("an example of the RFC");
    let mut out = Vec::with_capacity(4096);
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        out.clear();
        black_box(&message)
            .write_into(&mut out)
            .expect("what was read can be written");
    });
}

#[divan::bench]
fn inbox_that_is_canonical(bencher: Bencher<'_, '_>) {
    let uri = ByteString::from(String::from("im:juliet@example.com"));
    bencher
        .counter(ItemsCount::new(1usize))
        .bench(|| InstantInbox::from_shared(black_box(uri.clone())).expect("an address"));
}

#[divan::bench]
fn inbox_that_is_not_canonical(bencher: Bencher<'_, '_>) {
    let uri = ByteString::from_static("IM:Juliet%2eC@B\u{fc}cher.Example");
    bencher
        .counter(ItemsCount::new(1usize))
        .bench(|| InstantInbox::from_shared(black_box(uri.clone())).expect("an address"));
}

/// A user as most are, and one with all that there is to read.
#[divan::bench(args = ["alice", "+12015550123/ext=22/user=phone"])]
fn read_local_part(bencher: Bencher<'_, '_>, local_part: &str) {
    const SYNTAX: MetaSyntax = MetaSyntax::new(&["ext", "user"]);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench(|| SYNTAX.read(black_box(local_part)));
}

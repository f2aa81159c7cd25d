//! What a presence document costs: that of most clients, and the whole example of RFC 4480.

use std::hint::black_box;

use divan::{Bencher, counter::BytesCount};
use rialto_model::PresenceInformation;

fn main() {
    divan::main();
}

const PLAIN: &str = include_str!("../tests/fixtures/rfc3863/xml02-presence.pidf.xml");
const RICH: &str = include_str!("../tests/fixtures/rfc4480/ex-4-example.xml");

#[divan::bench(args = [PLAIN.len(), RICH.len()])]
fn read(bencher: Bencher<'_, '_>, len: usize) {
    let document = document(len);
    bencher
        .counter(BytesCount::new(len))
        .bench(|| PresenceInformation::parse(black_box(document.as_bytes())));
}

#[divan::bench(args = [PLAIN.len(), RICH.len()])]
fn write(bencher: Bencher<'_, '_>, len: usize) {
    let reading = PresenceInformation::parse(document(len).as_bytes()).expect("an example");
    let information = reading.into_information();
    bencher
        .counter(BytesCount::new(len))
        .bench(|| black_box(&information).to_xml());
}

const fn document(len: usize) -> &'static str {
    if len == PLAIN.len() { PLAIN } else { RICH }
}

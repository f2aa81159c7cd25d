//! What a plugin says of itself, a text to a line: its lists are the same when they are written and read again.

#![no_main]

use std::fmt::Display;

use libfuzzer_sys::fuzz_target;
use rialto_loader::read_manifest;

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let mut texts = [(); 8].map(|()| lines.next().unwrap_or_default());
    let Ok(manifest) = read_manifest(texts, "") else {
        return;
    };
    let lists = [
        written(manifest.schemes()),
        written(manifest.lookups()),
        written(manifest.capabilities().iter()),
    ];
    let [_, _, _, schemes, lookups, capabilities, ..] = &mut texts;
    for (text, list) in [schemes, lookups, capabilities].into_iter().zip(&lists) {
        *text = list;
    }
    assert_eq!(read_manifest(texts, ""), Ok(manifest));
});

fn written(list: impl IntoIterator<Item = impl Display>) -> String {
    let words: Vec<_> = list.into_iter().map(|word| word.to_string()).collect();
    words.join(",")
}

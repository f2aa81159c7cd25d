//! What an adapter's process and its gateway write to each other: read without harm, and the same when it is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    rialto_loader::child::read_frames(input);
});

//! Processes that lie: nothing that they say harms the gateway.

use std::{
    io::{Read, Write},
    os::{fd::FromRawFd, unix::net::UnixStream},
};

use rialto_loader::{ClaimTable, Declared, Isolation, Program};

use crate::support::*;

const HELLO: u32 = 2;
const LOADED: u32 = 4;
const MARK: [u8; 8] = *b"rialto\0\x01";

/// What comes of a process that writes what `lie` says.
fn refusal_of(lie: &str) -> String {
    let test = format!("liars::{lie}");
    let arguments = [
        test.as_str(),
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let isolation = Isolation::new(Program::own(arguments));
    let declared = Declared::new("one", c_plugin("never_opened", ""), "{}".to_owned());
    let refused = declared.isolated(isolation).load(&ClaimTable::new());
    refused.unwrap_err().to_string()
}

fn frame(kind: u32, rest: &[u8]) -> Vec<u8> {
    let len = u32::try_from(16 + rest.len()).unwrap();
    let head = [len.to_le_bytes(), kind.to_le_bytes(), [0; 4], [0; 4]];
    [head.as_flattened(), rest].concat()
}

fn hello() -> Vec<u8> {
    let process = u64::from(std::process::id()).to_le_bytes();
    frame(HELLO, &[MARK, process].concat())
}

/// Writes to the gateway, and waits until it has enough.
#[expect(unsafe_code, reason = "plays the child's side")]
fn say(lie: &[u8]) {
    // SAFETY: where the gateway has placed the socket; of a test that is run by hand it is no socket, and writing fails.
    let mut gateway = unsafe { UnixStream::from_raw_fd(3) };
    if gateway.write_all(lie).is_ok() {
        gateway.read_to_end(&mut Vec::new()).unwrap_or_default();
    }
}

macro_rules! lies {
    ($($(#[$doc:meta])* $lie:ident: $says:expr => $words:literal;)*) => {$(
        $(#[$doc])*
        #[test]
        #[ignore = "is started by another test, as a process that lies"]
        fn $lie() {
            say(&$says);
        }
    )*

    #[test]
    fn process_that_lies_is_refused_and_said_to() {
        $(
            let words = refusal_of(stringify!($lie));
            assert!(words.contains($words), "{}: {words}", stringify!($lie));
        )*
    }};
}

lies! {
    stranger: frame(HELLO, &[0; 16]) => "the process is another one, or of another gateway";
    garbage: [0xff; 4096] => "a frame has 4294967295 bytes";
    empty_frame: [0; 64] => "a frame has 0 bytes";
    unknown_kind: frame(4711, &[]) => "a frame has the unknown kind 4711";
    out_of_turn: [hello(), frame(LOADED, &[])].concat() => "a frame has the kind Loaded where it has none";
    short: frame(HELLO, &MARK) => "a frame ends too early";
}

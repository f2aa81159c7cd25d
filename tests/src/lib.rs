//! Conformance, interoperation with real peers, faults.
//!
//! The library is the rig: it starts real SIP and XMPP software and the gateway, each in a folder and on
//! ports of its own, and lets a test speak through them. The claims are in `tests/`; `README.md` says how to run them.
//!
//! A rig that fails must end the test that uses it, and say what the peers wrote: so its functions panic.

#![forbid(unsafe_code)]
#![expect(
    clippy::panic,
    reason = "a peer that does not do what the test needs ends the test"
)]
#![expect(
    clippy::print_stderr,
    reason = "what the peers wrote belongs to a failed test's output"
)]

pub mod certificates;
mod clock;
pub mod dns;
pub mod gateway;
pub mod mail_world;
pub mod networks;
pub mod peers;
pub mod phone_world;
pub mod ports;
pub mod process;
pub mod raw_sip;
pub mod raw_sip_stream;
pub mod raw_smtp;
pub mod raw_xmpp;
pub mod relay;
pub mod sip_callers;
pub mod sip_message;
pub mod sip_presence;
pub mod sip_sink;
pub mod sockets;
pub mod stage;
pub mod storm;
pub mod texts;
pub mod transcript;
pub mod world;

//! One conversation between a SIP and an XMPP user, as a readable trace.

fn main() {}

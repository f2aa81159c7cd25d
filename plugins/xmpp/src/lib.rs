//! XMPP: an external component that carries instant messages (XEP-0114, RFC 7572).

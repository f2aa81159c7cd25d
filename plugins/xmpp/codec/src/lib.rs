//! XMPP without sockets: streams, stanzas, addresses, the component handshake.

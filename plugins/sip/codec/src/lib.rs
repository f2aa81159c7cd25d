//! SIP without sockets: messages, headers, URIs, non-INVITE transactions (RFC 3261).

//! SIP and SIMPLE: instant messages as MESSAGE requests (RFC 3428).

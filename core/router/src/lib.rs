//! Decides, without I/O: the message service, addresses, routes.

//! The common format: addresses, message/cpim, operations and responses; no I/O.

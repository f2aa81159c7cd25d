//! Both sides of the contract: owned data, calls that are answered once, lent buffers.

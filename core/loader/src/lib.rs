//! Opens plugin libraries, checks them, runs adapters.

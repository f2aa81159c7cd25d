//! The contract between gateway and plugin: C data and C function tables.

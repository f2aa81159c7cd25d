//! Conformance, interoperation with real peers, faults.

//! What the gateway offers to an adapter.

use core::ffi::c_void;

use abi_stable::StableAbi;

use crate::{Bytes, Completion, Legacy, Operation};

/// The gateway, as one adapter sees it; valid until the process ends.
///
/// All functions are called by the plugin, from any thread, also inside calls of the gateway, and may call the plugin back before they return: hold no lock that those calls
/// need. They copy what they need of their arguments, and do not block for long. A function may be null, but for `submit`: then the gateway has no use for it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Host {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// The contract that the gateway speaks.
    pub contract: u32,
    /// The first argument of all functions here.
    pub ctx: *mut c_void,
    /// Hands an operation to the gateway; `done` is answered once, perhaps before this returns, perhaps after the adapter's release, on any thread. The order of calls is the
    /// order in which the gateway has the operations.
    pub submit: Option<
        unsafe extern "C" fn(ctx: *mut c_void, operation: *const Operation, done: Completion),
    >,
    /// Says that nobody waits any more for the submitted operation with the ticket of that `done`. The gateway may have taken it all the same; its answer comes, or has come, on any
    /// thread.
    pub cancel_submit: Option<unsafe extern "C" fn(ctx: *mut c_void, ticket: u64)>,
    /// Writes a line to the gateway's log: no part of a message, no secret. From any thread.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, record: *const LogRecord)>,
    /// Adds to a counter; the gateway adds the adapter's name. From any thread.
    pub count: Option<unsafe extern "C" fn(ctx: *mut c_void, metric: Bytes, by: u64)>,
    /// Sets a gauge. From any thread.
    pub gauge: Option<unsafe extern "C" fn(ctx: *mut c_void, metric: Bytes, value: f64)>,
    /// Adds a value to a histogram, durations in seconds. From any thread.
    pub observe: Option<unsafe extern "C" fn(ctx: *mut c_void, metric: Bytes, value: f64)>,
    /// Says how the adapter is (`HEALTH_…`), and why, in words for an operator; may be called before `start` returns. From any thread.
    pub health: Option<unsafe extern "C" fn(ctx: *mut c_void, state: u32, why: Bytes)>,
    /// Leaves a connection to the version that comes next, while the adapter stops and the gateway asked for it (`STOP_LEAVING`); once. Returns `ACCEPTED`: the
    /// descriptor belongs to the gateway then. Null, or `STALE`: nobody takes it, and it stays the plugin's. From any thread.
    pub leave: Option<unsafe extern "C" fn(ctx: *mut c_void, legacy: *const Legacy) -> u32>,
}

/// One line for the log. All texts are UTF-8.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct LogRecord {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// `LEVEL_…`
    pub level: u32,
    /// Where in the plugin it comes from.
    pub target: Bytes,
    /// A constant sentence.
    pub message: Bytes,
    /// The data.
    pub fields: *const LogField,
    /// How many.
    pub fields_len: usize,
}

/// A datum of a line in the log.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct LogField {
    /// Its name, dotted.
    pub name: Bytes,
    /// Its value.
    pub value: Bytes,
}

// SAFETY: `ctx` is the gateway's and may be used from any thread, by contract.
#[expect(unsafe_code, reason = "raw pointers are neither, and this one may be")]
unsafe impl Sync for Host {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "raw pointers are neither, and this one may be")]
unsafe impl Send for Host {}

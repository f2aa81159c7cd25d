//! What a library exports.

use core::ffi::c_void;

use abi_stable::StableAbi;

use crate::{Bytes, Completion, Field, Host, Operation};

/// The one symbol of a plugin library: `const Plugin RIALTO_PLUGIN`.
///
/// An adapter's handle is made by `start` and last used by `release`. In between its functions may be called from any thread,
/// several at once; none may block. `release` is never called while another call with that handle runs.
///
/// All functions are called by the gateway, and none may be null but where it says so. What they are given is borrowed: it is gone when they return. Nobody frees what the
/// other side made. The gateway holds no lock of its own while it calls; a plugin that holds one of its own while it calls the gateway must expect to be called back.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Plugin {
    /// `MAGIC`
    pub magic: [u8; 8],
    /// `CONTRACT`
    pub contract: u32,
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// What the plugin is called.
    pub name: Bytes,
    /// Its own version.
    pub version: Bytes,
    /// The native protocol that it speaks.
    pub protocol: Bytes,
    /// The URI schemes of that protocol, separated by commas.
    pub schemes: Bytes,
    /// Bits: `SERVICE_…`
    pub services: u64,
    /// An SPDX expression, or null.
    pub licence: Bytes,
    /// Who wrote it, or null.
    pub authors: Bytes,
    /// Checks a configuration, a JSON object, and names what an adapter with it would take. Starts nothing and touches no network. Answers `done`
    /// before it returns, which it must within ten seconds; `sink` is valid until then. A failure's detail begins with the key that is wrong. May be null: nothing is
    /// claimed, nothing is checked.
    ///
    /// Called before `start`, perhaps without a `start` after it, on a thread made for the call.
    pub claims:
        Option<unsafe extern "C" fn(config: Bytes, sink: *const ClaimSink, done: Completion)>,
    /// Makes an adapter. The handle is returned at once; `done` says when it is ready, or why not, within ten seconds, before or after this returns. After a failure the
    /// handle, unless null, is released; after a success it may not be null. `start` is borrowed, and so is all that it points to, but for the table of the host.
    ///
    /// Called once for each adapter and each of its starts, on a thread made for the call.
    pub start: Option<unsafe extern "C" fn(start: *const Start, done: Completion) -> *mut c_void>,
    /// Delivers an operation to the native network: a message to its destination; with `SERVICE_DISPOSITIONS`, a disposition to whom it tells; with
    /// `SERVICE_PRESENCE`, a subscription to the presentity's system, and a notification to the watcher.
    ///
    /// Answers `done` once, in the call or later: the payload can be kept by `retain`, all else must be copied. After the operation's deadline, and a quarter of a second for
    /// the plugin to say so itself, the gateway has answered for it. Called on any thread, several at once, also from inside the plugin's own calls of the gateway.
    pub deliver: Option<
        unsafe extern "C" fn(adapter: *mut c_void, operation: *const Operation, done: Completion),
    >,
    /// Says that nobody waits any more for the delivery with this ticket; its answer, if one comes, is refused, and none is needed. May be null.
    ///
    /// Called on any thread, also while `deliver` with that ticket still runs, for tickets that were answered meanwhile, and not for each that is over: what waits needs a
    /// time limit of its own.
    pub cancel: Option<unsafe extern "C" fn(adapter: *mut c_void, ticket: u64)>,
    /// Ends the adapter's work. A `deliver` that another thread has begun may still run; those that come after it are not wanted. What is still open when `done` is
    /// answered, or the deadline over, the gateway answers.
    ///
    /// Called at most once for each handle, on a thread made for the call.
    pub stop:
        Option<unsafe extern "C" fn(adapter: *mut c_void, stop: *const Stop, done: Completion)>,
    /// The last call with this handle; frees what belongs to it. When it returns, no thread of the plugin touches the handle. Answers to operations that the adapter has submitted may
    /// come after it.
    ///
    /// Called once for each handle, perhaps without a `stop` before it, on any thread, also on one of the plugin's own, from inside a call of the gateway.
    pub release: Option<unsafe extern "C" fn(adapter: *mut c_void)>,
    /// Says which log lines (`LEVEL_…` and what is graver) the gateway wants from now on. May be null. Called on any thread.
    pub set_level: Option<unsafe extern "C" fn(adapter: *mut c_void, level: u32)>,
    /// What the plugin was compiled with, to be compared when it is loaded; null and 0 from C.
    pub layout: *const Field,
    /// How many.
    pub layout_len: usize,
    /// How DNS finds the systems that speak the protocol, separated by commas; null when it does not. Each is one of
    /// `naptr SERVICE PREFIX`, `srv _SERVICE._TRANSPORT PREFIX`, `mx PORT PREFIX`, `address PORT PREFIX`, in the order in which they are tried;
    /// PREFIX stands before the address in a next hop, and may be missing. `unaddressed` among them says that `deliver` finds
    /// its own way: DNS is asked only whether there is one.
    pub lookups: Bytes,
    /// Milliseconds that the sender's network can be kept waiting for what became of a message that the plugin submits. When they are over, the gateway
    /// keeps the message, and answers `INDETERMINANT`. Also `PATIENCE_…`
    pub patience_ms: u64,
    /// What its network can carry, separated by commas; null when it does not say. Each is one of `content TYPE/SUBTYPE` (`*` for any),
    /// `receipt WORD` (what its network reports of a message: `processed`, `delivered`, `displayed`, `stored`, `failed`), `presence WORD` (`watches`: its users
    /// may watch others; `watched`: others may watch them; `publishes`; `watchers`: they may see who watches them), `limit WHAT NUMBER`
    /// (`content`: the most bytes of one message; `operations`: the most at a time). A word that the gateway does not know is shown, and means nothing to it.
    pub capabilities: Bytes,
    /// Gives the JSON Schema (draft 2020-12) of an adapter's configuration, one JSON object in a text that stays where it is until the process ends. A configuration that it refuses
    /// is refused before `claims` and `start` are called, with all that is wrong in it. May be null: then only `claims` and `start` look at configurations.
    ///
    /// Called when the library is opened, in a process that is made for that before, on any thread; returns at once.
    pub config_schema: Option<unsafe extern "C" fn() -> Bytes>,
    /// Says that another version has this one's place, and all that is new on the ports that both have (`CAN_HAND_OVER`): what its network has begun with this one is
    /// to end, and what that brings is taken as ever. Answers `done` when it has ended, or the deadline is over. May be null: then `stop` comes when the adapter
    /// has submitted nothing for a moment.
    ///
    /// Called at most once for each handle, before `stop`, which may come before the answer, on a thread made for the call.
    pub make_way:
        Option<unsafe extern "C" fn(adapter: *mut c_void, within: *const Stop, done: Completion)>,
}

/// What an adapter starts with.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Start {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// `LEVEL_…`: which log lines the gateway wants.
    pub level: u32,
    /// The adapter's name.
    pub adapter: Bytes,
    /// Its configuration, a JSON object.
    pub config: Bytes,
    /// The gateway. The table may be kept.
    pub host: *const Host,
    /// Bits: `START_…`
    pub flags: u64,
    /// What an earlier version of the adapter has left, or null. The descriptor belongs to the plugin from this call on. Only where the plugin's services say
    /// `CAN_SUCCEED`.
    pub legacy: *const Legacy,
}

/// What an adapter leaves to the next version of itself.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Legacy {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// A connection that is open: a file descriptor.
    pub descriptor: i32,
    /// How far it is, as the plugin writes it; another version may have written it.
    pub state: Bytes,
}

/// How an adapter shall stop, or make way.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Stop {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Milliseconds that the gateway will wait.
    pub deadline_ms: u64,
    /// Bits: `STOP_…`
    pub flags: u64,
}

/// Something that an adapter wants to have alone.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Claim {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// `CLAIM_…`
    pub kind: u32,
    /// Which one.
    pub value: Bytes,
}

/// Where claims are named.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct ClaimSink {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The first argument of `claim`.
    pub ctx: *mut c_void,
    /// Takes one claim, and copies it. Called by the plugin, on the thread and within the call that got the sink.
    pub claim: Option<unsafe extern "C" fn(ctx: *mut c_void, claim: *const Claim)>,
}

// SAFETY: immutable after its construction, and its pointers are to constants.
#[expect(unsafe_code, reason = "raw pointers are neither, and these may be")]
unsafe impl Sync for Plugin {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "raw pointers are neither, and these may be")]
unsafe impl Send for Plugin {}

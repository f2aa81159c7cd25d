//! What crosses: operations, responses, completions.

use core::ffi::c_void;

use abi_stable::StableAbi;

/// Bytes that somebody else owns. `ptr` may be null when `len` is 0; where a text is optional, null is "none".
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Bytes {
    /// The first one.
    pub ptr: *const u8,
    /// How many.
    pub len: usize,
}

/// An operation that one side asks of the other. All texts are UTF-8.
///
/// A message goes from its source to its destination. A disposition says what became of a message, and so goes the other way: its source is
/// whom the message was for. It has no payload, headers, instances, next hop or hop count.
///
/// The operations of the presence service have a `presence`, and `pres:` URIs. A subscription goes from its watcher to the presentity, a notification from the
/// presentity to the watcher, a publication from who publishes it to the presentity. Their payload is a document of that `content_type`; without a
/// `content_type` there is none. They have no headers, instances or thread.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Operation {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// `KIND_…`; an unknown one is answered with `REASON_UNSUPPORTED_SERVICE`.
    pub kind: u32,
    /// Milliseconds that the caller will wait; 0 is no limit.
    pub deadline_ms: u64,
    /// How many more relays it may pass, 0 to 255.
    pub max_forwards: u32,
    /// `FLAG_…`, added up; unknown ones are passed over.
    pub flags: u32,
    /// 1 to 40 bytes of visible ASCII; the response carries them back.
    pub transaction_id: Bytes,
    /// An `im:` URI, with a `presence` a `pres:` URI.
    pub source: Bytes,
    /// As `source`.
    pub destination: Bytes,
    /// The sender's device, or null.
    pub source_instance: Bytes,
    /// The device that the sender chose, or null.
    pub destination_instance: Bytes,
    /// Where to send it, in the plugin's own words, or null.
    pub next_hop: Bytes,
    /// The name of the conversation, or null.
    pub thread: Bytes,
    /// The MIME type of the payload with its parameters, as written.
    pub content_type: Bytes,
    /// The message headers of message/cpim, in order.
    pub headers: *const Header,
    /// How many.
    pub headers_len: usize,
    /// The other MIME headers of the payload, in order.
    pub content_headers: *const ContentHeader,
    /// How many.
    pub content_headers_len: usize,
    /// The content, byte for byte.
    pub payload: Bytes,
    /// What `retain` is called with; valid until the call returns.
    pub owner: *mut c_void,
    /// Keeps `payload` where it is beyond the call, instead of a copy: returns what `release` is called with, once, from any
    /// thread. Null when it cannot. The function itself may be null: copy then. Called by who was given the operation, on the thread and within the call that gave it.
    pub retain: Option<unsafe extern "C" fn(owner: *mut c_void) -> *mut c_void>,
    /// Ends what `retain` began; not null where `retain` is not. Called on any thread, perhaps after the adapter's release.
    pub release: Option<unsafe extern "C" fn(retained: *mut c_void)>,
    /// Of a message: what its network calls it, or null. Equal ones for one destination are the same message, sent again. At most `MAX_KEPT` bytes.
    pub identity: Bytes,
    /// What the plugin wants back with each disposition of a message, and each notification of a subscription: it hands it in with the message or the
    /// subscription, and the gateway hands it back; or null. At most `MAX_KEPT` bytes.
    pub reference: Bytes,
    /// Of a message: milliseconds for which it is worth delivering; 0 is not said.
    pub time_to_live_ms: u64,
    /// Of a disposition: the message, by the `transaction_id` that its operation had when it was delivered to, or submitted by, the plugin.
    pub concerning: Bytes,
    /// `DISPOSITION_…`
    pub disposition: u32,
    /// `ASKED_…`, added up: what the sender of the message asked to be told; unknown ones are passed over.
    pub asked: u32,
    /// Of a disposition: the name that the message had from its sender, or null.
    pub message_id: Bytes,
    /// Of a disposition: when the gateway got the message, in milliseconds since 1970-01-01 00:00 UTC; 0 is not known.
    pub sent_at_ms: u64,
    /// With `DISPOSITION_FAILED`: why, with the status `FAILURE`; null is not known.
    pub failure: *const Response,
    /// What only operations of the presence service have, and none of them lacks; else null.
    pub presence: *const Presence,
}

/// What an operation of the presence service says besides.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Presence {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// Of a subscription and a notification: `PACKAGE_…`, what was subscribed to.
    pub package: u32,
    /// The name of the subscription among those of its watcher, or of the publication among those of its presentity: 1 to 40 bytes of visible ASCII.
    pub subscription_id: Bytes,
    /// For how many milliseconds the subscription or publication is wanted, or, in a notification, for how many more it holds; also `DURATION_…`.
    pub duration_ms: u64,
    /// Of a notification: `SUBSCRIPTION_…`, how far the subscription is.
    pub state: u32,
    /// With `SUBSCRIPTION_TERMINATED`: `TERMINATION_…`, why.
    pub reason: u32,
    /// With `SUBSCRIPTION_TERMINATED`: after how many milliseconds the watcher may subscribe again; 0 is not said.
    pub retry_after_ms: u64,
    /// The number of a notification among those of its subscription, or of what is published.
    pub version: u64,
    /// Of a publication with `FLAG_REPLACES`: the version that it replaces.
    pub expected_version: u64,
}

/// A message header of message/cpim. RFC 3862 §3.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Header {
    /// As written.
    pub name: Bytes,
    /// The `lang` parameter, or null.
    pub language: Bytes,
    /// Its other parameters as written, like `x=1;y="2"`; mostly empty.
    pub parameters: Bytes,
    /// Unescaped.
    pub value: Bytes,
}

/// A MIME header of the payload.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct ContentHeader {
    /// As written.
    pub name: Bytes,
    /// Unfolded.
    pub value: Bytes,
}

/// How an operation, or a call to start or stop, ended.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Response {
    /// `sizeof` this struct, as its writer knows it.
    pub size: u32,
    /// `SUCCESS`, `FAILURE` or `INDETERMINANT`.
    pub status: u32,
    /// `REASON_…`, when it is a failure.
    pub reason: u32,
    /// `ORIGIN_…`: who must act.
    pub origin: u32,
    /// `RETRY_…`
    pub retry: u32,
    /// 0.
    pub reserved: u32,
    /// With `RETRY_AFTER`: milliseconds.
    pub retry_after_ms: u64,
    /// The operation's, or empty: "the one that the ticket stands for". Another one is refused.
    pub transaction_id: Bytes,
    /// For people, UTF-8; never a part of the message. Empty: the reason's usual text.
    pub detail: Bytes,
    /// Of a subscription or publication: for how many milliseconds it holds; also `DURATION_…`.
    pub duration_ms: u64,
}

/// The right, and the duty, to answer once. The ticket means something to its issuer only; nothing of it is to be freed.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Completion {
    /// To be handed back.
    pub ticket: u64,
    /// Takes the answer, and copies what it needs of it; returns `ACCEPTED` or `STALE`. Called by who has the completion, on any thread; never null. It may call back before
    /// it returns.
    pub complete: Option<unsafe extern "C" fn(ticket: u64, response: *const Response) -> u32>,
}

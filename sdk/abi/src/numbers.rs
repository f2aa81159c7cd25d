//! The numbers that stand for kinds.

/// What a plugin's table begins with.
pub const MAGIC: [u8; 8] = *b"RIALTO\r\n";
/// The number of this contract.
pub const CONTRACT: u32 = 1;

/// `Operation.kind`: an instant message.
pub const KIND_MESSAGE: u32 = 1;
/// `Operation.kind`: what became of a message whose operation was answered before that was known.
pub const KIND_DISPOSITION: u32 = 2;
/// `Operation.kind`: a watcher wants to be told of a presentity: once, from now on, or no longer.
pub const KIND_SUBSCRIBE: u32 = 3;
/// `Operation.kind`: a watcher is told of a presentity.
pub const KIND_NOTIFY: u32 = 4;
/// `Operation.kind`: a presentity that the gateway hosts says something of itself. Plugins submit it, and are not asked for it.
pub const KIND_PUBLISH: u32 = 5;

/// `Operation.flags`: the sender's network vouches for the source; whoever submits it has made sure of that.
pub const FLAG_AUTHENTICATED: u32 = 1;
/// `Operation.flags`: the message is worth something only now; it is never stored or tried again, and is the first to be dropped.
pub const FLAG_EPHEMERAL: u32 = 2;
/// `Operation.flags`: the publication replaces what `Presence.expected_version` names, and is refused where that is not what there is. Without it, it is
/// a new one. Of a subscription: it is there already, and is refreshed or ended; where there is none of its name, it is refused.
pub const FLAG_REPLACES: u32 = 4;

/// The most bytes of `Operation.identity`, and of `Operation.reference`.
pub const MAX_KEPT: usize = 4096;

/// `Operation.disposition`: none; only messages have it.
pub const DISPOSITION_NONE: u32 = 0;
/// `Operation.disposition`: delivered to the recipient.
pub const DISPOSITION_DELIVERED: u32 = 1;
/// `Operation.disposition`: not delivered, and not tried again.
pub const DISPOSITION_FAILED: u32 = 2;
/// `Operation.disposition`: somebody on the way did with it what is to be done.
pub const DISPOSITION_PROCESSED: u32 = 3;
/// `Operation.disposition`: somebody on the way keeps it, to deliver it later.
pub const DISPOSITION_STORED: u32 = 4;
/// `Operation.disposition`: shown to the user.
pub const DISPOSITION_DISPLAYED: u32 = 5;
/// `Operation.disposition`: the sender may not be told of the delivery.
pub const DISPOSITION_DELIVERY_FORBIDDEN: u32 = 6;
/// `Operation.disposition`: the sender may not be told of the processing.
pub const DISPOSITION_PROCESSING_FORBIDDEN: u32 = 7;
/// `Operation.disposition`: the sender may not be told of the display.
pub const DISPOSITION_DISPLAY_FORBIDDEN: u32 = 8;
/// `Operation.disposition`: the delivery cannot be found out.
pub const DISPOSITION_DELIVERY_ERROR: u32 = 9;
/// `Operation.disposition`: the processing cannot be found out.
pub const DISPOSITION_PROCESSING_ERROR: u32 = 10;
/// `Operation.disposition`: the display cannot be found out.
pub const DISPOSITION_DISPLAY_ERROR: u32 = 11;

/// A bit of `Operation.asked`: tell when the message was delivered.
pub const ASKED_POSITIVE_DELIVERY: u32 = 1;
/// A bit of `Operation.asked`: tell when the message cannot be delivered.
pub const ASKED_NEGATIVE_DELIVERY: u32 = 2;
/// A bit of `Operation.asked`: tell what those on the way do with the message.
pub const ASKED_PROCESSING: u32 = 4;
/// A bit of `Operation.asked`: tell when the message was shown to the user.
pub const ASKED_DISPLAY: u32 = 8;

/// `Presence.package`: presence information.
pub const PACKAGE_PRESENCE: u32 = 0;
/// `Presence.package`: who watches the presentity.
pub const PACKAGE_WATCHER_INFORMATION: u32 = 1;

/// `Presence.duration_ms`, `Response.duration_ms`: not said.
pub const DURATION_NOT_SAID: u64 = 0;
/// `Presence.duration_ms`, `Response.duration_ms`: none at all. A subscription of none is for one notification, or the end of the one of that name; a publication
/// of none is withdrawn.
pub const DURATION_NONE: u64 = 0xffff_ffff_ffff_ffff;

/// `Presence.state`: none; only notifications have it.
pub const SUBSCRIPTION_NONE: u32 = 0;
/// `Presence.state`: nobody has decided yet whether the watcher may.
pub const SUBSCRIPTION_PENDING: u32 = 1;
/// `Presence.state`: changes are told.
pub const SUBSCRIPTION_ACTIVE: u32 = 2;
/// `Presence.state`: it has ended.
pub const SUBSCRIPTION_TERMINATED: u32 = 3;

/// `Presence.reason`: none; only what is terminated has one.
pub const TERMINATION_NONE: u32 = 0;
/// `Presence.reason`: the watcher should subscribe again at once.
pub const TERMINATION_DEACTIVATED: u32 = 1;
/// `Presence.reason`: the watcher may subscribe again later.
pub const TERMINATION_PROBATION: u32 = 2;
/// `Presence.reason`: access rules forbid it.
pub const TERMINATION_REJECTED: u32 = 3;
/// `Presence.reason`: it was not refreshed in time, or the watcher ended it; also stands for every number that the reader does not know.
pub const TERMINATION_TIMEOUT: u32 = 4;
/// `Presence.reason`: nobody decided whether the watcher may.
pub const TERMINATION_GIVE_UP: u32 = 5;
/// `Presence.reason`: the presentity is no more.
pub const TERMINATION_NO_RESOURCE: u32 = 6;
/// `Presence.reason`: the presence information will never change again.
pub const TERMINATION_INVARIANT: u32 = 7;

/// `Response.status`: the far side acknowledged the delivery.
pub const SUCCESS: u32 = 0;
/// `Response.status`: not delivered, and not tried again.
pub const FAILURE: u32 = 1;
/// `Response.status`: handed to a system that will never tell the outcome.
pub const INDETERMINANT: u32 = 2;

/// `Response.reason`: none; the only one of a success.
pub const REASON_NONE: u32 = 0;
/// `Response.reason`: the source is not a valid instant inbox.
pub const REASON_INVALID_SOURCE: u32 = 1;
/// `Response.reason`: the destination is not a valid instant inbox.
pub const REASON_INVALID_DESTINATION: u32 = 2;
/// `Response.reason`: the destination's system knows no such inbox.
pub const REASON_NO_SUCH_INBOX: u32 = 3;
/// `Response.reason`: the inbox has no presentity.
pub const REASON_NO_PRESENTITY: u32 = 4;
/// `Response.reason`: access rules forbid the operation.
pub const REASON_NOT_PERMITTED: u32 = 5;
/// `Response.reason`: the watcher has subscribed already.
pub const REASON_ALREADY_SUBSCRIBED: u32 = 6;
/// `Response.reason`: the hop count ran out.
pub const REASON_HOP_LIMIT_REACHED: u32 = 7;
/// `Response.reason`: no way to the destination's domain is known.
pub const REASON_UNRESOLVABLE: u32 = 8;
/// `Response.reason`: the destination's system cannot be reached now.
pub const REASON_UNREACHABLE: u32 = 9;
/// `Response.reason`: the destination's system gave no answer in time.
pub const REASON_TIMED_OUT: u32 = 10;
/// `Response.reason`: the recipient takes no messages now.
pub const REASON_RECIPIENT_UNAVAILABLE: u32 = 11;
/// `Response.reason`: the message is too large.
pub const REASON_TOO_LARGE: u32 = 12;
/// `Response.reason`: the destination's network cannot carry this content.
pub const REASON_UNSUPPORTED_CONTENT: u32 = 13;
/// `Response.reason`: a required header is not understood.
pub const REASON_UNKNOWN_REQUIRED_HEADER: u32 = 14;
/// `Response.reason`: all the work that can be taken is there already.
pub const REASON_OVERLOADED: u32 = 15;
/// `Response.reason`: stopping.
pub const REASON_SHUTTING_DOWN: u32 = 16;
/// `Response.reason`: a fault; also stands for every number that the reader does not know.
pub const REASON_INTERNAL: u32 = 17;
/// `Response.reason`: the adapter does not offer this service.
pub const REASON_UNSUPPORTED_SERVICE: u32 = 18;
/// `Response.reason`: the destination's system refused for good, with a reason of its own.
pub const REASON_REFUSED: u32 = 19;
/// `Response.reason`: the sender gave up.
pub const REASON_CANCELLED: u32 = 20;

/// `Response.origin`: as usual for the reason.
pub const ORIGIN_DEFAULT: u32 = 0;
/// `Response.origin`: the sender must act.
pub const ORIGIN_SENDER: u32 = 1;
/// `Response.origin`: the far system must act.
pub const ORIGIN_PEER: u32 = 2;
/// `Response.origin`: the plugin's author must act.
pub const ORIGIN_PLUGIN: u32 = 3;
/// `Response.origin`: the gateway is at fault, or loaded.
pub const ORIGIN_HOST: u32 = 4;
/// `Response.origin`: the operator must act, usually on the configuration.
pub const ORIGIN_OPERATOR: u32 = 5;

/// `Response.retry`: as usual for the reason.
pub const RETRY_DEFAULT: u32 = 0;
/// `Response.retry`: it will fail again.
pub const RETRY_NEVER: u32 = 1;
/// `Response.retry`: after `retry_after_ms`.
pub const RETRY_AFTER: u32 = 2;
/// `Response.retry`: at growing intervals.
pub const RETRY_BACKOFF: u32 = 3;

/// What a completion returns when nobody waits for this answer (any more).
pub const STALE: u32 = 0;
/// What a completion returns when the answer was taken.
pub const ACCEPTED: u32 = 1;

/// A bit of `Plugin.services`: the instant message service.
pub const SERVICE_MESSAGES: u64 = 1;
/// A bit of `Plugin.services`: the plugin can tell senders on its network what became of their messages.
pub const SERVICE_DISPOSITIONS: u64 = 2;
/// A bit of `Plugin.services`: the presence service: the plugin takes subscriptions to presentities of its network, and notifications for watchers there.
pub const SERVICE_PRESENCE: u64 = 4;
/// A bit of `Plugin.services`, and no service: another version of the plugin may start while this one has what both claim, and this one may start so; `START_BESIDE`
/// says so to the second. What is new reaches the second as soon as it has started, while the first ends what it has.
pub const CAN_HAND_OVER: u64 = 0x1_0000_0000;

/// A bit of `Plugin.services`, and no service: when another version of the plugin follows, this one can leave it a connection (`STOP_LEAVING`), and it takes
/// what an earlier one has left (`Start.legacy`).
pub const CAN_SUCCEED: u64 = 0x2_0000_0000;

/// A bit of `Stop.flags`: another version follows, and takes what is left to it by `Host.leave`. Answers to what the adapter has submitted still come.
pub const STOP_LEAVING: u64 = 1;

/// A bit of `Start.flags`: an earlier version of the adapter still runs, and has what this one claims. Only where both can hand over.
pub const START_BESIDE: u64 = 1;

/// `Plugin.patience_ms`: not said; no message is answered before its outcome is known.
pub const PATIENCE_NOT_SAID: u64 = 0;
/// `Plugin.patience_ms`: none; every message is kept first, and answered then.
pub const PATIENCE_NONE: u64 = 0xffff_ffff_ffff_ffff;

/// `Claim.kind`: a UDP address to listen on, `0.0.0.0:5060`.
pub const CLAIM_UDP: u32 = 1;
/// `Claim.kind`: a TCP address to listen on.
pub const CLAIM_TCP: u32 = 2;
/// `Claim.kind`: a domain to answer for.
pub const CLAIM_DOMAIN: u32 = 3;
/// `Claim.kind`: a URI scheme, to have it alone.
pub const CLAIM_SCHEME: u32 = 4;

/// A log level: nothing.
pub const LEVEL_OFF: u32 = 0;
/// A log level: a person must act.
pub const LEVEL_ERROR: u32 = 1;
/// A log level: something is not as it should be.
pub const LEVEL_WARN: u32 = 2;
/// A log level: what an operator wants to see.
pub const LEVEL_INFO: u32 = 3;
/// A log level: what the plugin's author wants to see.
pub const LEVEL_DEBUG: u32 = 4;
/// A log level: everything.
pub const LEVEL_TRACE: u32 = 5;

/// `Host.health`: the adapter can deliver.
pub const HEALTH_UP: u32 = 0;
/// `Host.health`: the adapter runs, but cannot deliver all or any; the text says why.
pub const HEALTH_DEGRADED: u32 = 1;

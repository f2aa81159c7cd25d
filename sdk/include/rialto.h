// The contract between the Rialto gateway and its plugins.

#ifndef RIALTO_H
#define RIALTO_H

// Written by `cargo run -p rialto-abi --example header`; do not edit.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
// Wraps a string literal.
#define RIALTO_TEXT(s) { (const uint8_t *)(s), sizeof(s) - 1 }
// What a plugin's table begins with.
#define RIALTO_MAGIC "RIALTO\r\n"
#if defined(_WIN32)
#define RIALTO_EXPORT __declspec(dllexport)
#else
#define RIALTO_EXPORT __attribute__((visibility("default")))
#endif

// The number of this contract.
#define RIALTO_CONTRACT 1

// `Operation.kind`: an instant message.
#define RIALTO_KIND_MESSAGE 1

// `Operation.kind`: what became of a message whose operation was answered before that was known.
#define RIALTO_KIND_DISPOSITION 2

// `Operation.kind`: a watcher wants to be told of a presentity: once, from now on, or no longer.
#define RIALTO_KIND_SUBSCRIBE 3

// `Operation.kind`: a watcher is told of a presentity.
#define RIALTO_KIND_NOTIFY 4

// `Operation.kind`: a presentity that the gateway hosts says something of itself. Plugins submit it, and are not asked for it.
#define RIALTO_KIND_PUBLISH 5

// `Operation.flags`: the sender's network vouches for the source; whoever submits it has made sure of that.
#define RIALTO_FLAG_AUTHENTICATED 1

// `Operation.flags`: the message is worth something only now; it is never stored or tried again, and is the first to be dropped.
#define RIALTO_FLAG_EPHEMERAL 2

// `Operation.flags`: the publication replaces what `Presence.expected_version` names, and is refused where that is not what there is. Without it, it is
// a new one. Of a subscription: it is there already, and is refreshed or ended; where there is none of its name, it is refused.
#define RIALTO_FLAG_REPLACES 4

// The most bytes of `Operation.identity`, and of `Operation.reference`.
#define RIALTO_MAX_KEPT 4096

// `Operation.disposition`: none; only messages have it.
#define RIALTO_DISPOSITION_NONE 0

// `Operation.disposition`: delivered to the recipient.
#define RIALTO_DISPOSITION_DELIVERED 1

// `Operation.disposition`: not delivered, and not tried again.
#define RIALTO_DISPOSITION_FAILED 2

// `Operation.disposition`: somebody on the way did with it what is to be done.
#define RIALTO_DISPOSITION_PROCESSED 3

// `Operation.disposition`: somebody on the way keeps it, to deliver it later.
#define RIALTO_DISPOSITION_STORED 4

// `Operation.disposition`: shown to the user.
#define RIALTO_DISPOSITION_DISPLAYED 5

// `Operation.disposition`: the sender may not be told of the delivery.
#define RIALTO_DISPOSITION_DELIVERY_FORBIDDEN 6

// `Operation.disposition`: the sender may not be told of the processing.
#define RIALTO_DISPOSITION_PROCESSING_FORBIDDEN 7

// `Operation.disposition`: the sender may not be told of the display.
#define RIALTO_DISPOSITION_DISPLAY_FORBIDDEN 8

// `Operation.disposition`: the delivery cannot be found out.
#define RIALTO_DISPOSITION_DELIVERY_ERROR 9

// `Operation.disposition`: the processing cannot be found out.
#define RIALTO_DISPOSITION_PROCESSING_ERROR 10

// `Operation.disposition`: the display cannot be found out.
#define RIALTO_DISPOSITION_DISPLAY_ERROR 11

// A bit of `Operation.asked`: tell when the message was delivered.
#define RIALTO_ASKED_POSITIVE_DELIVERY 1

// A bit of `Operation.asked`: tell when the message cannot be delivered.
#define RIALTO_ASKED_NEGATIVE_DELIVERY 2

// A bit of `Operation.asked`: tell what those on the way do with the message.
#define RIALTO_ASKED_PROCESSING 4

// A bit of `Operation.asked`: tell when the message was shown to the user.
#define RIALTO_ASKED_DISPLAY 8

// `Presence.package`: presence information.
#define RIALTO_PACKAGE_PRESENCE 0

// `Presence.package`: who watches the presentity.
#define RIALTO_PACKAGE_WATCHER_INFORMATION 1

// `Presence.duration_ms`, `Response.duration_ms`: not said.
#define RIALTO_DURATION_NOT_SAID 0

// `Presence.duration_ms`, `Response.duration_ms`: none at all. A subscription of none is for one notification, or the end of the one of that name; a publication
// of none is withdrawn.
#define RIALTO_DURATION_NONE 18446744073709551615ull

// `Presence.state`: none; only notifications have it.
#define RIALTO_SUBSCRIPTION_NONE 0

// `Presence.state`: nobody has decided yet whether the watcher may.
#define RIALTO_SUBSCRIPTION_PENDING 1

// `Presence.state`: changes are told.
#define RIALTO_SUBSCRIPTION_ACTIVE 2

// `Presence.state`: it has ended.
#define RIALTO_SUBSCRIPTION_TERMINATED 3

// `Presence.reason`: none; only what is terminated has one.
#define RIALTO_TERMINATION_NONE 0

// `Presence.reason`: the watcher should subscribe again at once.
#define RIALTO_TERMINATION_DEACTIVATED 1

// `Presence.reason`: the watcher may subscribe again later.
#define RIALTO_TERMINATION_PROBATION 2

// `Presence.reason`: access rules forbid it.
#define RIALTO_TERMINATION_REJECTED 3

// `Presence.reason`: it was not refreshed in time, or the watcher ended it; also stands for every number that the reader does not know.
#define RIALTO_TERMINATION_TIMEOUT 4

// `Presence.reason`: nobody decided whether the watcher may.
#define RIALTO_TERMINATION_GIVE_UP 5

// `Presence.reason`: the presentity is no more.
#define RIALTO_TERMINATION_NO_RESOURCE 6

// `Presence.reason`: the presence information will never change again.
#define RIALTO_TERMINATION_INVARIANT 7

// `Response.status`: the far side acknowledged the delivery.
#define RIALTO_SUCCESS 0

// `Response.status`: not delivered, and not tried again.
#define RIALTO_FAILURE 1

// `Response.status`: handed to a system that will never tell the outcome.
#define RIALTO_INDETERMINANT 2

// `Response.reason`: none; the only one of a success.
#define RIALTO_REASON_NONE 0

// `Response.reason`: the source is not a valid instant inbox.
#define RIALTO_REASON_INVALID_SOURCE 1

// `Response.reason`: the destination is not a valid instant inbox.
#define RIALTO_REASON_INVALID_DESTINATION 2

// `Response.reason`: the destination's system knows no such inbox.
#define RIALTO_REASON_NO_SUCH_INBOX 3

// `Response.reason`: the inbox has no presentity.
#define RIALTO_REASON_NO_PRESENTITY 4

// `Response.reason`: access rules forbid the operation.
#define RIALTO_REASON_NOT_PERMITTED 5

// `Response.reason`: the watcher has subscribed already.
#define RIALTO_REASON_ALREADY_SUBSCRIBED 6

// `Response.reason`: the hop count ran out.
#define RIALTO_REASON_HOP_LIMIT_REACHED 7

// `Response.reason`: no way to the destination's domain is known.
#define RIALTO_REASON_UNRESOLVABLE 8

// `Response.reason`: the destination's system cannot be reached now.
#define RIALTO_REASON_UNREACHABLE 9

// `Response.reason`: the destination's system gave no answer in time.
#define RIALTO_REASON_TIMED_OUT 10

// `Response.reason`: the recipient takes no messages now.
#define RIALTO_REASON_RECIPIENT_UNAVAILABLE 11

// `Response.reason`: the message is too large.
#define RIALTO_REASON_TOO_LARGE 12

// `Response.reason`: the destination's network cannot carry this content.
#define RIALTO_REASON_UNSUPPORTED_CONTENT 13

// `Response.reason`: a required header is not understood.
#define RIALTO_REASON_UNKNOWN_REQUIRED_HEADER 14

// `Response.reason`: all the work that can be taken is there already.
#define RIALTO_REASON_OVERLOADED 15

// `Response.reason`: stopping.
#define RIALTO_REASON_SHUTTING_DOWN 16

// `Response.reason`: a fault; also stands for every number that the reader does not know.
#define RIALTO_REASON_INTERNAL 17

// `Response.reason`: the adapter does not offer this service.
#define RIALTO_REASON_UNSUPPORTED_SERVICE 18

// `Response.reason`: the destination's system refused for good, with a reason of its own.
#define RIALTO_REASON_REFUSED 19

// `Response.reason`: the sender gave up.
#define RIALTO_REASON_CANCELLED 20

// `Response.origin`: as usual for the reason.
#define RIALTO_ORIGIN_DEFAULT 0

// `Response.origin`: the sender must act.
#define RIALTO_ORIGIN_SENDER 1

// `Response.origin`: the far system must act.
#define RIALTO_ORIGIN_PEER 2

// `Response.origin`: the plugin's author must act.
#define RIALTO_ORIGIN_PLUGIN 3

// `Response.origin`: the gateway is at fault, or loaded.
#define RIALTO_ORIGIN_HOST 4

// `Response.origin`: the operator must act, usually on the configuration.
#define RIALTO_ORIGIN_OPERATOR 5

// `Response.retry`: as usual for the reason.
#define RIALTO_RETRY_DEFAULT 0

// `Response.retry`: it will fail again.
#define RIALTO_RETRY_NEVER 1

// `Response.retry`: after `retry_after_ms`.
#define RIALTO_RETRY_AFTER 2

// `Response.retry`: at growing intervals.
#define RIALTO_RETRY_BACKOFF 3

// What a completion returns when nobody waits for this answer (any more).
#define RIALTO_STALE 0

// What a completion returns when the answer was taken.
#define RIALTO_ACCEPTED 1

// A bit of `Plugin.services`: the instant message service.
#define RIALTO_SERVICE_MESSAGES 1

// A bit of `Plugin.services`: the plugin can tell senders on its network what became of their messages.
#define RIALTO_SERVICE_DISPOSITIONS 2

// A bit of `Plugin.services`: the presence service: the plugin takes subscriptions to presentities of its network, and notifications for watchers there.
#define RIALTO_SERVICE_PRESENCE 4

// A bit of `Plugin.services`, and no service: another version of the plugin may start while this one has what both claim, and this one may start so; `START_BESIDE`
// says so to the second. What is new reaches the second as soon as it has started, while the first ends what it has.
#define RIALTO_CAN_HAND_OVER 4294967296

// A bit of `Plugin.services`, and no service: when another version of the plugin follows, this one can leave it a connection (`STOP_LEAVING`), and it takes
// what an earlier one has left (`Start.legacy`).
#define RIALTO_CAN_SUCCEED 8589934592

// A bit of `Stop.flags`: another version follows, and takes what is left to it by `Host.leave`. Answers to what the adapter has submitted still come.
#define RIALTO_STOP_LEAVING 1

// A bit of `Start.flags`: an earlier version of the adapter still runs, and has what this one claims. Only where both can hand over.
#define RIALTO_START_BESIDE 1

// `Plugin.patience_ms`: not said; no message is answered before its outcome is known.
#define RIALTO_PATIENCE_NOT_SAID 0

// `Plugin.patience_ms`: none; every message is kept first, and answered then.
#define RIALTO_PATIENCE_NONE 18446744073709551615ull

// `Claim.kind`: a UDP address to listen on, `0.0.0.0:5060`.
#define RIALTO_CLAIM_UDP 1

// `Claim.kind`: a TCP address to listen on.
#define RIALTO_CLAIM_TCP 2

// `Claim.kind`: a domain to answer for.
#define RIALTO_CLAIM_DOMAIN 3

// `Claim.kind`: a URI scheme, to have it alone.
#define RIALTO_CLAIM_SCHEME 4

// A log level: nothing.
#define RIALTO_LEVEL_OFF 0

// A log level: a person must act.
#define RIALTO_LEVEL_ERROR 1

// A log level: something is not as it should be.
#define RIALTO_LEVEL_WARN 2

// A log level: what an operator wants to see.
#define RIALTO_LEVEL_INFO 3

// A log level: what the plugin's author wants to see.
#define RIALTO_LEVEL_DEBUG 4

// A log level: everything.
#define RIALTO_LEVEL_TRACE 5

// `Host.health`: the adapter can deliver.
#define RIALTO_HEALTH_UP 0

// `Host.health`: the adapter runs, but cannot deliver all or any; the text says why.
#define RIALTO_HEALTH_DEGRADED 1

// Bytes that somebody else owns. `ptr` may be null when `len` is 0; where a text is optional, null is "none".
typedef struct RialtoBytes {
  // The first one.
  const uint8_t *ptr;
  // How many.
  size_t len;
} RialtoBytes;

// Something that an adapter wants to have alone.
typedef struct RialtoClaim {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // `CLAIM_…`
  uint32_t kind;
  // Which one.
  struct RialtoBytes value;
} RialtoClaim;

// Where claims are named.
typedef struct RialtoClaimSink {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // 0.
  uint32_t reserved;
  // The first argument of `claim`.
  void *ctx;
  // Takes one claim, and copies it. Called by the plugin, on the thread and within the call that got the sink.
  void (*claim)(void *ctx, const struct RialtoClaim *claim);
} RialtoClaimSink;

// How an operation, or a call to start or stop, ended.
typedef struct RialtoResponse {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // `SUCCESS`, `FAILURE` or `INDETERMINANT`.
  uint32_t status;
  // `REASON_…`, when it is a failure.
  uint32_t reason;
  // `ORIGIN_…`: who must act.
  uint32_t origin;
  // `RETRY_…`
  uint32_t retry;
  // 0.
  uint32_t reserved;
  // With `RETRY_AFTER`: milliseconds.
  uint64_t retry_after_ms;
  // The operation's, or empty: "the one that the ticket stands for". Another one is refused.
  struct RialtoBytes transaction_id;
  // For people, UTF-8; never a part of the message. Empty: the reason's usual text.
  struct RialtoBytes detail;
  // Of a subscription or publication: for how many milliseconds it holds; also `DURATION_…`.
  uint64_t duration_ms;
} RialtoResponse;

// The right, and the duty, to answer once. The ticket means something to its issuer only; nothing of it is to be freed.
typedef struct RialtoCompletion {
  // To be handed back.
  uint64_t ticket;
  // Takes the answer, and copies what it needs of it; returns `ACCEPTED` or `STALE`. Called by who has the completion, on any thread; never null. It may call back before
  // it returns.
  uint32_t (*complete)(uint64_t ticket, const struct RialtoResponse *response);
} RialtoCompletion;

// A message header of message/cpim. RFC 3862 §3.
typedef struct RialtoHeader {
  // As written.
  struct RialtoBytes name;
  // The `lang` parameter, or null.
  struct RialtoBytes language;
  // Its other parameters as written, like `x=1;y="2"`; mostly empty.
  struct RialtoBytes parameters;
  // Unescaped.
  struct RialtoBytes value;
} RialtoHeader;

// A MIME header of the payload.
typedef struct RialtoContentHeader {
  // As written.
  struct RialtoBytes name;
  // Unfolded.
  struct RialtoBytes value;
} RialtoContentHeader;

// What an operation of the presence service says besides.
typedef struct RialtoPresence {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // Of a subscription and a notification: `PACKAGE_…`, what was subscribed to.
  uint32_t package;
  // The name of the subscription among those of its watcher, or of the publication among those of its presentity: 1 to 40 bytes of visible ASCII.
  struct RialtoBytes subscription_id;
  // For how many milliseconds the subscription or publication is wanted, or, in a notification, for how many more it holds; also `DURATION_…`.
  uint64_t duration_ms;
  // Of a notification: `SUBSCRIPTION_…`, how far the subscription is.
  uint32_t state;
  // With `SUBSCRIPTION_TERMINATED`: `TERMINATION_…`, why.
  uint32_t reason;
  // With `SUBSCRIPTION_TERMINATED`: after how many milliseconds the watcher may subscribe again; 0 is not said.
  uint64_t retry_after_ms;
  // The number of a notification among those of its subscription, or of what is published.
  uint64_t version;
  // Of a publication with `FLAG_REPLACES`: the version that it replaces.
  uint64_t expected_version;
} RialtoPresence;

// An operation that one side asks of the other. All texts are UTF-8.
//
// A message goes from its source to its destination. A disposition says what became of a message, and so goes the other way: its source is
// whom the message was for. It has no payload, headers, instances, next hop or hop count.
//
// The operations of the presence service have a `presence`, and `pres:` URIs. A subscription goes from its watcher to the presentity, a notification from the
// presentity to the watcher, a publication from who publishes it to the presentity. Their payload is a document of that `content_type`; without a
// `content_type` there is none. They have no headers, instances or thread.
typedef struct RialtoOperation {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // `KIND_…`; an unknown one is answered with `REASON_UNSUPPORTED_SERVICE`.
  uint32_t kind;
  // Milliseconds that the caller will wait; 0 is no limit.
  uint64_t deadline_ms;
  // How many more relays it may pass, 0 to 255.
  uint32_t max_forwards;
  // `FLAG_…`, added up; unknown ones are passed over.
  uint32_t flags;
  // 1 to 40 bytes of visible ASCII; the response carries them back.
  struct RialtoBytes transaction_id;
  // An `im:` URI, with a `presence` a `pres:` URI.
  struct RialtoBytes source;
  // As `source`.
  struct RialtoBytes destination;
  // The sender's device, or null.
  struct RialtoBytes source_instance;
  // The device that the sender chose, or null.
  struct RialtoBytes destination_instance;
  // Where to send it, in the plugin's own words, or null.
  struct RialtoBytes next_hop;
  // The name of the conversation, or null.
  struct RialtoBytes thread;
  // The MIME type of the payload with its parameters, as written.
  struct RialtoBytes content_type;
  // The message headers of message/cpim, in order.
  const struct RialtoHeader *headers;
  // How many.
  size_t headers_len;
  // The other MIME headers of the payload, in order.
  const struct RialtoContentHeader *content_headers;
  // How many.
  size_t content_headers_len;
  // The content, byte for byte.
  struct RialtoBytes payload;
  // What `retain` is called with; valid until the call returns.
  void *owner;
  // Keeps `payload` where it is beyond the call, instead of a copy: returns what `release` is called with, once, from any
  // thread. Null when it cannot. The function itself may be null: copy then. Called by who was given the operation, on the thread and within the call that gave it.
  void *(*retain)(void *owner);
  // Ends what `retain` began; not null where `retain` is not. Called on any thread, perhaps after the adapter's release.
  void (*release)(void *retained);
  // Of a message: what its network calls it, or null. Equal ones for one destination are the same message, sent again. At most `MAX_KEPT` bytes.
  struct RialtoBytes identity;
  // What the plugin wants back with each disposition of a message, and each notification of a subscription: it hands it in with the message or the
  // subscription, and the gateway hands it back; or null. At most `MAX_KEPT` bytes.
  struct RialtoBytes reference;
  // Of a message: milliseconds for which it is worth delivering; 0 is not said.
  uint64_t time_to_live_ms;
  // Of a disposition: the message, by the `transaction_id` that its operation had when it was delivered to, or submitted by, the plugin.
  struct RialtoBytes concerning;
  // `DISPOSITION_…`
  uint32_t disposition;
  // `ASKED_…`, added up: what the sender of the message asked to be told; unknown ones are passed over.
  uint32_t asked;
  // Of a disposition: the name that the message had from its sender, or null.
  struct RialtoBytes message_id;
  // Of a disposition: when the gateway got the message, in milliseconds since 1970-01-01 00:00 UTC; 0 is not known.
  uint64_t sent_at_ms;
  // With `DISPOSITION_FAILED`: why, with the status `FAILURE`; null is not known.
  const struct RialtoResponse *failure;
  // What only operations of the presence service have, and none of them lacks; else null.
  const struct RialtoPresence *presence;
} RialtoOperation;

// A datum of a line in the log.
typedef struct RialtoLogField {
  // Its name, dotted.
  struct RialtoBytes name;
  // Its value.
  struct RialtoBytes value;
} RialtoLogField;

// One line for the log. All texts are UTF-8.
typedef struct RialtoLogRecord {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // `LEVEL_…`
  uint32_t level;
  // Where in the plugin it comes from.
  struct RialtoBytes target;
  // A constant sentence.
  struct RialtoBytes message;
  // The data.
  const struct RialtoLogField *fields;
  // How many.
  size_t fields_len;
} RialtoLogRecord;

// What an adapter leaves to the next version of itself.
typedef struct RialtoLegacy {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // A connection that is open: a file descriptor.
  int32_t descriptor;
  // How far it is, as the plugin writes it; another version may have written it.
  struct RialtoBytes state;
} RialtoLegacy;

// The gateway, as one adapter sees it; valid until the process ends.
//
// All functions are called by the plugin, from any thread, also inside calls of the gateway, and may call the plugin back before they return: hold no lock that those calls
// need. They copy what they need of their arguments, and do not block for long. A function may be null, but for `submit`: then the gateway has no use for it.
typedef struct RialtoHost {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // The contract that the gateway speaks.
  uint32_t contract;
  // The first argument of all functions here.
  void *ctx;
  // Hands an operation to the gateway; `done` is answered once, perhaps before this returns, perhaps after the adapter's release, on any thread. The order of calls is the
  // order in which the gateway has the operations.
  void (*submit)(void *ctx, const struct RialtoOperation *operation, struct RialtoCompletion done);
  // Says that nobody waits any more for the submitted operation with the ticket of that `done`. The gateway may have taken it all the same; its answer comes, or has come, on any
  // thread.
  void (*cancel_submit)(void *ctx, uint64_t ticket);
  // Writes a line to the gateway's log: no part of a message, no secret. From any thread.
  void (*log)(void *ctx, const struct RialtoLogRecord *record);
  // Adds to a counter; the gateway adds the adapter's name. From any thread.
  void (*count)(void *ctx, struct RialtoBytes metric, uint64_t by);
  // Sets a gauge. From any thread.
  void (*gauge)(void *ctx, struct RialtoBytes metric, double value);
  // Adds a value to a histogram, durations in seconds. From any thread.
  void (*observe)(void *ctx, struct RialtoBytes metric, double value);
  // Says how the adapter is (`HEALTH_…`), and why, in words for an operator; may be called before `start` returns. From any thread.
  void (*health)(void *ctx, uint32_t state, struct RialtoBytes why);
  // Leaves a connection to the version that comes next, while the adapter stops and the gateway asked for it (`STOP_LEAVING`); once. Returns `ACCEPTED`: the
  // descriptor belongs to the gateway then. Null, or `STALE`: nobody takes it, and it stays the plugin's. From any thread.
  uint32_t (*leave)(void *ctx, const struct RialtoLegacy *legacy);
} RialtoHost;

// What an adapter starts with.
typedef struct RialtoStart {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // `LEVEL_…`: which log lines the gateway wants.
  uint32_t level;
  // The adapter's name.
  struct RialtoBytes adapter;
  // Its configuration, a JSON object.
  struct RialtoBytes config;
  // The gateway. The table may be kept.
  const struct RialtoHost *host;
  // Bits: `START_…`
  uint64_t flags;
  // What an earlier version of the adapter has left, or null. The descriptor belongs to the plugin from this call on. Only where the plugin's services say
  // `CAN_SUCCEED`.
  const struct RialtoLegacy *legacy;
} RialtoStart;

// How an adapter shall stop, or make way.
typedef struct RialtoStop {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // 0.
  uint32_t reserved;
  // Milliseconds that the gateway will wait.
  uint64_t deadline_ms;
  // Bits: `STOP_…`
  uint64_t flags;
} RialtoStop;

// Where a field lies.
typedef struct RialtoField {
  // The struct's name.
  struct RialtoBytes of;
  // The field's name.
  struct RialtoBytes name;
  // Its first byte.
  uint32_t offset;
  // How many bytes it has.
  uint32_t size;
} RialtoField;

// The one symbol of a plugin library: `const Plugin RIALTO_PLUGIN`.
//
// An adapter's handle is made by `start` and last used by `release`. In between its functions may be called from any thread,
// several at once; none may block. `release` is never called while another call with that handle runs.
//
// All functions are called by the gateway, and none may be null but where it says so. What they are given is borrowed: it is gone when they return. Nobody frees what the
// other side made. The gateway holds no lock of its own while it calls; a plugin that holds one of its own while it calls the gateway must expect to be called back.
typedef struct RialtoPlugin {
  // `MAGIC`
  uint8_t magic[8];
  // `CONTRACT`
  uint32_t contract;
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // What the plugin is called.
  struct RialtoBytes name;
  // Its own version.
  struct RialtoBytes version;
  // The native protocol that it speaks.
  struct RialtoBytes protocol;
  // The URI schemes of that protocol, separated by commas.
  struct RialtoBytes schemes;
  // Bits: `SERVICE_…`
  uint64_t services;
  // An SPDX expression, or null.
  struct RialtoBytes licence;
  // Who wrote it, or null.
  struct RialtoBytes authors;
  // Checks a configuration, a JSON object, and names what an adapter with it would take. Starts nothing and touches no network. Answers `done`
  // before it returns, which it must within ten seconds; `sink` is valid until then. A failure's detail begins with the key that is wrong. May be null: nothing is
  // claimed, nothing is checked.
  //
  // Called before `start`, perhaps without a `start` after it, on a thread made for the call.
  void (*claims)(struct RialtoBytes config,
                 const struct RialtoClaimSink *sink,
                 struct RialtoCompletion done);
  // Makes an adapter. The handle is returned at once; `done` says when it is ready, or why not, within ten seconds, before or after this returns. After a failure the
  // handle, unless null, is released; after a success it may not be null. `start` is borrowed, and so is all that it points to, but for the table of the host.
  //
  // Called once for each adapter and each of its starts, on a thread made for the call.
  void *(*start)(const struct RialtoStart *start, struct RialtoCompletion done);
  // Delivers an operation to the native network: a message to its destination; with `SERVICE_DISPOSITIONS`, a disposition to whom it tells; with
  // `SERVICE_PRESENCE`, a subscription to the presentity's system, and a notification to the watcher.
  //
  // Answers `done` once, in the call or later: the payload can be kept by `retain`, all else must be copied. After the operation's deadline, and a quarter of a second for
  // the plugin to say so itself, the gateway has answered for it. Called on any thread, several at once, also from inside the plugin's own calls of the gateway.
  void (*deliver)(void *adapter,
                  const struct RialtoOperation *operation,
                  struct RialtoCompletion done);
  // Says that nobody waits any more for the delivery with this ticket; its answer, if one comes, is refused, and none is needed. May be null.
  //
  // Called on any thread, also while `deliver` with that ticket still runs, for tickets that were answered meanwhile, and not for each that is over: what waits needs a
  // time limit of its own.
  void (*cancel)(void *adapter, uint64_t ticket);
  // Ends the adapter's work. A `deliver` that another thread has begun may still run; those that come after it are not wanted. What is still open when `done` is
  // answered, or the deadline over, the gateway answers.
  //
  // Called at most once for each handle, on a thread made for the call.
  void (*stop)(void *adapter, const struct RialtoStop *stop, struct RialtoCompletion done);
  // The last call with this handle; frees what belongs to it. When it returns, no thread of the plugin touches the handle. Answers to operations that the adapter has submitted may
  // come after it.
  //
  // Called once for each handle, perhaps without a `stop` before it, on any thread, also on one of the plugin's own, from inside a call of the gateway.
  void (*release)(void *adapter);
  // Says which log lines (`LEVEL_…` and what is graver) the gateway wants from now on. May be null. Called on any thread.
  void (*set_level)(void *adapter, uint32_t level);
  // What the plugin was compiled with, to be compared when it is loaded; null and 0 from C.
  const struct RialtoField *layout;
  // How many.
  size_t layout_len;
  // How DNS finds the systems that speak the protocol, separated by commas; null when it does not. Each is one of
  // `naptr SERVICE PREFIX`, `srv _SERVICE._TRANSPORT PREFIX`, `mx PORT PREFIX`, `address PORT PREFIX`, in the order in which they are tried;
  // PREFIX stands before the address in a next hop, and may be missing. `unaddressed` among them says that `deliver` finds
  // its own way: DNS is asked only whether there is one.
  struct RialtoBytes lookups;
  // Milliseconds that the sender's network can be kept waiting for what became of a message that the plugin submits. When they are over, the gateway
  // keeps the message, and answers `INDETERMINANT`. Also `PATIENCE_…`
  uint64_t patience_ms;
  // What its network can carry, separated by commas; null when it does not say. Each is one of `content TYPE/SUBTYPE` (`*` for any),
  // `receipt WORD` (what its network reports of a message: `processed`, `delivered`, `displayed`, `stored`, `failed`), `presence WORD` (`watches`: its users
  // may watch others; `watched`: others may watch them; `publishes`; `watchers`: they may see who watches them), `limit WHAT NUMBER`
  // (`content`: the most bytes of one message; `operations`: the most at a time). A word that the gateway does not know is shown, and means nothing to it.
  struct RialtoBytes capabilities;
  // Gives the JSON Schema (draft 2020-12) of an adapter's configuration, one JSON object in a text that stays where it is until the process ends. A configuration that it refuses
  // is refused before `claims` and `start` are called, with all that is wrong in it. May be null: then only `claims` and `start` look at configurations.
  //
  // Called when the library is opened, in a process that is made for that before, on any thread; returns at once.
  struct RialtoBytes (*config_schema)(void);
  // Says that another version has this one's place, and all that is new on the ports that both have (`CAN_HAND_OVER`): what its network has begun with this one is
  // to end, and what that brings is taken as ever. Answers `done` when it has ended, or the deadline is over. May be null: then `stop` comes when the adapter
  // has submitted nothing for a moment.
  //
  // Called at most once for each handle, before `stop`, which may come before the answer, on a thread made for the call.
  void (*make_way)(void *adapter, const struct RialtoStop *within, struct RialtoCompletion done);
} RialtoPlugin;

#endif  /* RIALTO_H */

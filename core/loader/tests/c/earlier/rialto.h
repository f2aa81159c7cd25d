// A copy of sdk/include/rialto.h as it was when the contract had messages only: frozen, so that a plugin that was built with it is
// tried for as long as gateways serve that contract. What follows is as it was, to the byte.

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

// `Operation.flags`: the sender's network vouches for the source; whoever submits it has made sure of that.
#define RIALTO_FLAG_AUTHENTICATED 1

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
  // Takes one claim.
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
} RialtoResponse;

// The right, and the duty, to answer once. The ticket means something to its issuer only.
typedef struct RialtoCompletion {
  // To be handed back.
  uint64_t ticket;
  // Takes the answer, from any thread; returns `ACCEPTED` or `STALE`.
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

// An operation that one side asks of the other. All texts are UTF-8.
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
  // An `im:` URI.
  struct RialtoBytes source;
  // An `im:` URI.
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
  // thread. Null when it cannot. The function itself may be null: copy then.
  void *(*retain)(void *owner);
  // Ends what `retain` began.
  void (*release)(void *retained);
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

// The gateway, as one adapter sees it; valid until the process ends, callable from any thread.
typedef struct RialtoHost {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // The contract that the gateway speaks.
  uint32_t contract;
  // The first argument of all functions here.
  void *ctx;
  // Hands an operation to the gateway; `done` is answered once, perhaps before this returns.
  void (*submit)(void *ctx, const struct RialtoOperation *operation, struct RialtoCompletion done);
  // Says that nobody waits any more for the submitted operation with the ticket of that `done`.
  void (*cancel_submit)(void *ctx, uint64_t ticket);
  // Writes a line to the gateway's log.
  void (*log)(void *ctx, const struct RialtoLogRecord *record);
  // Adds to a counter.
  void (*count)(void *ctx, struct RialtoBytes metric, uint64_t by);
  // Sets a gauge.
  void (*gauge)(void *ctx, struct RialtoBytes metric, double value);
  // Adds a value to a histogram, durations in seconds.
  void (*observe)(void *ctx, struct RialtoBytes metric, double value);
  // Says how the adapter is (`HEALTH_…`), and why.
  void (*health)(void *ctx, uint32_t state, struct RialtoBytes why);
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
} RialtoStart;

// How an adapter shall stop.
typedef struct RialtoStop {
  // `sizeof` this struct, as its writer knows it.
  uint32_t size;
  // 0.
  uint32_t reserved;
  // Milliseconds that the gateway will wait.
  uint64_t deadline_ms;
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
  // Checks a configuration and names what an adapter with it would take. Starts nothing and touches no network. Answers `done`
  // before it returns, which it must within ten seconds; `sink` is valid until then. May be null: nothing is claimed, nothing is checked.
  void (*claims)(struct RialtoBytes config,
                 const struct RialtoClaimSink *sink,
                 struct RialtoCompletion done);
  // Makes an adapter. The handle is returned at once; `done` says when it is ready, or why not. After a failure the handle, unless
  // null, is released.
  void *(*start)(const struct RialtoStart *start, struct RialtoCompletion done);
  // Delivers an operation to the native network.
  void (*deliver)(void *adapter,
                  const struct RialtoOperation *operation,
                  struct RialtoCompletion done);
  // Says that nobody waits any more for the delivery with this ticket; its answer, if one comes, is refused. May be null.
  void (*cancel)(void *adapter, uint64_t ticket);
  // Ends the adapter's work. A `deliver` that another thread has begun may still run; those that come after it are not wanted.
  void (*stop)(void *adapter, const struct RialtoStop *stop, struct RialtoCompletion done);
  // The last call with this handle.
  void (*release)(void *adapter);
  // Says which log lines (`LEVEL_…` and what is graver) the gateway wants from now on. May be null.
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
} RialtoPlugin;

#endif  /* RIALTO_H */

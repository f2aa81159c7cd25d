#define _GNU_SOURCE
#include "mapping.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "utf8.h"

#define IMDN "urn:ietf:params:imdn"

enum { HOPS_MAX = 255 };

// The one table of failures. A word that it lacks is `refused`, a reason that it lacks `fault`.
static const struct {
    uint32_t reason;
    const char *word;
} failures[] = {
    { RIALTO_REASON_NO_SUCH_INBOX, "nouser" },
    { RIALTO_REASON_NO_PRESENTITY, "nouser" },
    { RIALTO_REASON_NOT_PERMITTED, "denied" },
    { RIALTO_REASON_RECIPIENT_UNAVAILABLE, "off" },
    { RIALTO_REASON_INVALID_SOURCE, "from" },
    { RIALTO_REASON_INVALID_DESTINATION, "to" },
    { RIALTO_REASON_UNRESOLVABLE, "noway" },
    { RIALTO_REASON_UNREACHABLE, "unreachable" },
    { RIALTO_REASON_TIMED_OUT, "late" },
    { RIALTO_REASON_TOO_LARGE, "long" },
    { RIALTO_REASON_UNSUPPORTED_CONTENT, "content" },
    { RIALTO_REASON_HOP_LIMIT_REACHED, "hops" },
    { RIALTO_REASON_OVERLOADED, "busy" },
    { RIALTO_REASON_SHUTTING_DOWN, "stopping" },
    { RIALTO_REASON_REFUSED, "refused" },
    { RIALTO_REASON_INTERNAL, "fault" },
};

enum { FAILURES = sizeof failures / sizeof *failures };

const char *word_for(uint32_t reason) {
    for (size_t at = 0; at < FAILURES; at++) {
        if (failures[at].reason == reason) return failures[at].word;
    }
    return "fault";
}

uint32_t reason_for(uint32_t kind, RialtoBytes word) {
    bool is_presence = kind == RIALTO_KIND_SUBSCRIBE || kind == RIALTO_KIND_NOTIFY;
    if (is_presence && word_is(word, "nouser")) return RIALTO_REASON_NO_PRESENTITY;
    for (size_t at = 0; at < FAILURES; at++) {
        if (word_is(word, failures[at].word)) return failures[at].reason;
    }
    return RIALTO_REASON_REFUSED;
}

size_t known(uint32_t theirs, size_t ours) { return theirs < ours ? theirs : ours; }

uint32_t answer(RialtoCompletion done, uint32_t status, uint32_t reason, const char *detail) {
    RialtoResponse response = { .size = sizeof response, .status = status, .reason = reason, .detail = word_of(detail) };
    return done.complete(done.ticket, &response);
}

static bool equals(RialtoBytes text, const char *other) {
    return text.len == strlen(other) && !strncasecmp((const char *)text.ptr, other, text.len);
}

static bool begins(RialtoBytes text, const char *start) {
    return text.len >= strlen(start) && !strncasecmp((const char *)text.ptr, start, strlen(start));
}

RialtoBytes address_in(RialtoBytes uri, const char *scheme) {
    size_t len = strlen(scheme);
    if (!begins(uri, scheme)) return (RialtoBytes){ 0, 0 };
    return (RialtoBytes){ uri.ptr + len, uri.len - len };
}

// Whether a Content-Type is plain text in UTF-8, or in ASCII, which is the same.
static bool is_plain_text(RialtoBytes type) {
    RialtoBytes rest = type;
    if (!begins(type, "text/plain")) return false;
    for (bool is_first = true; rest.len; is_first = false) {
        const uint8_t *semicolon = memchr(rest.ptr, ';', rest.len);
        RialtoBytes part = { rest.ptr, semicolon ? (size_t)(semicolon - rest.ptr) : rest.len };
        size_t used = semicolon ? part.len + 1 : part.len;
        rest = (RialtoBytes){ rest.ptr + used, rest.len - used };
        while (part.len && strchr(" \t", part.ptr[part.len - 1])) part.len--;
        while (part.len && strchr(" \t", part.ptr[0])) part.ptr++, part.len--;
        if (is_first && !equals(part, "text/plain")) return false;
        bool is_ours = equals(part, "charset=utf-8") || equals(part, "charset=\"utf-8\"") ||
                       equals(part, "charset=us-ascii") || equals(part, "charset=\"us-ascii\"");
        if (begins(part, "charset=") && !is_ours) return false;
    }
    return true;
}

static bool is_encoded(const RialtoOperation *operation) {
    for (size_t at = 0; at < operation->content_headers_len; at++) {
        const RialtoContentHeader *header = operation->content_headers + at;
        bool is_as_it_is = equals(header->value, "7bit") || equals(header->value, "8bit") || equals(header->value, "binary");
        if (equals(header->name, "Content-Transfer-Encoding") && !is_as_it_is) return true;
    }
    return false;
}

// The prefix that IMDN's namespace has: `NS: imdn <urn:ietf:params:imdn>` (RFC 3862 §4.5); one that is empty is none.
static RialtoBytes imdn_prefix(const RialtoOperation *operation) {
    static const char uri[] = "<" IMDN ">";
    for (size_t at = 0; at < operation->headers_len; at++) {
        const RialtoHeader *header = operation->headers + at;
        const size_t uri_len = sizeof uri - 1;
        if (!word_is(header->name, "NS") || header->value.len < uri_len) continue;
        const uint8_t *end = header->value.ptr + header->value.len - uri_len;
        if (memcmp(end, uri, uri_len)) continue;
        RialtoBytes prefix = { header->value.ptr, header->value.len - uri_len };
        while (prefix.len && prefix.ptr[prefix.len - 1] == ' ') prefix.len--;
        return prefix;
    }
    return (RialtoBytes){ 0, 0 };
}

static bool is_named(RialtoBytes name, RialtoBytes prefix, const char *rest) {
    return name.len == prefix.len + 1 + strlen(rest) && !memcmp(name.ptr, prefix.ptr, prefix.len) &&
           name.ptr[prefix.len] == '.' && !memcmp(name.ptr + prefix.len + 1, rest, strlen(rest));
}

static bool holds(RialtoBytes text, const char *word) { return text.len && memmem(text.ptr, text.len, word, strlen(word)); }

// What the sender asks to be told (RFC 5438 §6.2), as the word of a SEND.
static const char *receipts(const RialtoOperation *operation) {
    RialtoBytes prefix = imdn_prefix(operation);
    bool delivery = false, display = false;
    for (size_t at = 0; prefix.len && at < operation->headers_len; at++) {
        const RialtoHeader *header = operation->headers + at;
        if (!is_named(header->name, prefix, "Disposition-Notification")) continue;
        delivery |= holds(header->value, "positive-delivery");
        display |= holds(header->value, "display");
    }
    return delivery && display ? "dr" : delivery ? "d" : display ? "r" : "-";
}

// Whether the message has headers without which it must not be taken (RFC 3862 §4.6).
static bool requires_more(const RialtoOperation *operation) {
    for (size_t at = 0; at < operation->headers_len; at++) {
        if (word_is(operation->headers[at].name, "Require")) return true;
    }
    return false;
}

static uint32_t message(const RialtoOperation *operation, Draft *draft, const char **detail) {
    RialtoBytes text = operation->payload;
    *detail = "pagers show plain text in UTF-8 only";
    if (!is_plain_text(operation->content_type) || is_encoded(operation)) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    if (!utf8_is_valid(text.ptr, text.len)) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    *detail = "pagers cannot show NUL";
    if (text.len && memchr(text.ptr, 0, text.len)) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    *detail = "pagers know no headers that a message may require";
    if (requires_more(operation)) return RIALTO_REASON_UNKNOWN_REQUIRED_HEADER;
    draft_begin(draft, LINE_SEND);
    draft_word(draft, operation->transaction_id);
    draft_word(draft, address_in(operation->source, "im:"));
    draft_word(draft, address_in(operation->destination, "im:"));
    draft_number(draft, operation->max_forwards);
    draft_word(draft, word_of(receipts(operation)));
    draft_text(draft, text);
    return 0;
}

// What pagers have words for; null: nothing is to be told.
static const char *told(uint32_t disposition) {
    switch (disposition) {
    case RIALTO_DISPOSITION_DELIVERED: return "delivered";
    case RIALTO_DISPOSITION_DISPLAYED: return "read";
    case RIALTO_DISPOSITION_FAILED: return "lost";
    default: return 0;
    }
}

static uint32_t disposition(const RialtoOperation *operation, Draft *draft, const char **detail) {
    const char *word = told(operation->disposition);
    *detail = "the pager network has no word for that";
    if (!word) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    *detail = "no name of a message of the pager network";
    if (!word_is_id(operation->reference)) return RIALTO_REASON_REFUSED;
    draft_begin(draft, LINE_TELL);
    draft_word(draft, operation->transaction_id);
    draft_word(draft, address_in(operation->source, "im:"));
    draft_word(draft, address_in(operation->destination, "im:"));
    draft_word(draft, word_of(word));
    draft_word(draft, operation->reference);
    return 0;
}

static uint32_t outgoing_im(const RialtoOperation *operation, Draft *draft, const char **detail) {
    if (!word_is_sound(address_in(operation->source, "im:"))) return RIALTO_REASON_INVALID_SOURCE;
    if (!word_is_sound(address_in(operation->destination, "im:"))) return RIALTO_REASON_INVALID_DESTINATION;
    return operation->kind == RIALTO_KIND_MESSAGE ? message(operation, draft, detail) : disposition(operation, draft, detail);
}

uint32_t outgoing(const RialtoOperation *operation, Draft *draft, const char **detail) {
    *detail = "";
    bool is_message = operation->kind == RIALTO_KIND_MESSAGE;
    bool is_presence = operation->kind == RIALTO_KIND_SUBSCRIBE || operation->kind == RIALTO_KIND_NOTIFY;
    // First of all: addresses of other kinds may be no such URIs.
    if (!is_message && !is_presence && operation->kind != RIALTO_KIND_DISPOSITION) return RIALTO_REASON_UNSUPPORTED_SERVICE;
    if (!word_is_id(operation->transaction_id)) return RIALTO_REASON_INTERNAL;
    uint32_t reason = is_presence ? outgoing_presence(operation, draft, detail) : outgoing_im(operation, draft, detail);
    if (reason) return reason;
    draft_end(draft);
    *detail = "longer than a line of the pager network may be";
    return draft->is_too_long ? RIALTO_REASON_TOO_LARGE : 0;
}

RialtoBytes uri_of(const char *scheme, RialtoBytes address, char room[URI_MAX]) {
    size_t len = strlen(scheme);
    memcpy(room, scheme, len);
    memcpy(room + len, address.ptr, address.len);
    return (RialtoBytes){ (uint8_t *)room, address.len + len };
}

bool address_is_of(RialtoBytes word, const char *domain) {
    size_t len = strlen(domain);
    if (word.len < len + 2) return false;
    RialtoBytes end = { word.ptr + word.len - len, len };
    return end.ptr[-1] == '@' && equals(end, domain);
}

bool number_read(RialtoBytes word, uint32_t most, uint32_t *number) {
    uint64_t read = 0;
    for (size_t at = 0; at < word.len; at++) {
        if (word.ptr[at] < '0' || word.ptr[at] > '9' || read > most) return false;
        read = read * 10 + (uint64_t)(word.ptr[at] - '0');
    }
    *number = (uint32_t)read;
    return read <= most;
}

bool text_is_sound(const char *text, size_t len) { return utf8_is_valid((const uint8_t *)text, len) && !memchr(text, 0, len); }

// An identifier that nobody can guess (RFC 3859 §2.4).
static bool invent(char id[32]) {
    uint8_t random[16];
    if (getentropy(random, sizeof random)) return false;
    for (int at = 0; at < 32; at++) id[at] = "0123456789abcdef"[random[at / 2] >> (at % 2 * 4) & 15];
    return true;
}

static const char *incoming_message(const Line *line, Incoming *in) {
    RialtoOperation *operation = &in->operation;
    RialtoBytes asked = line->words[4];
    bool delivery = word_is(asked, "d") || word_is(asked, "dr"), display = word_is(asked, "r") || word_is(asked, "dr");
    long len = text_read(line->words[5], in->text);
    if (len < 0 || !text_is_sound(in->text, (size_t)len)) return "content";
    if (!number_read(line->words[3], HOPS_MAX, &operation->max_forwards)) return "hops";
    operation->kind = RIALTO_KIND_MESSAGE;
    operation->flags = RIALTO_FLAG_AUTHENTICATED;
    operation->content_type = word_of("text/plain; charset=utf-8");
    operation->payload = (RialtoBytes){ (uint8_t *)in->text, (size_t)len };
    // What comes back with each disposition, and what the message is known by when it comes again.
    operation->identity = operation->reference = line->words[0];
    if (!delivery && !display) return 0;
    in->headers[0] = (RialtoHeader){ .name = word_of("NS"), .value = word_of("imdn <" IMDN ">") };
    in->headers[1] = (RialtoHeader){ .name = word_of("imdn.Disposition-Notification"),
        .value = word_of(delivery && display ? "positive-delivery, negative-delivery, display"
                         : delivery          ? "positive-delivery, negative-delivery"
                                             : "display") };
    operation->headers = in->headers;
    operation->headers_len = 2;
    return 0;
}

static const char *incoming_disposition(const Line *line, Incoming *in) {
    RialtoOperation *operation = &in->operation;
    RialtoBytes word = line->words[3];
    operation->kind = RIALTO_KIND_DISPOSITION;
    operation->concerning = line->words[4];
    operation->disposition = word_is(word, "delivered") ? RIALTO_DISPOSITION_DELIVERED
                             : word_is(word, "read")    ? RIALTO_DISPOSITION_DISPLAYED
                             : word_is(word, "lost")    ? RIALTO_DISPOSITION_FAILED
                                                        : RIALTO_DISPOSITION_NONE;
    return operation->disposition && word_is_id(operation->concerning) ? 0 : "refused";
}

const char *incoming(const Line *line, const Config *config, Incoming *in) {
    in->operation = (RialtoOperation){ .size = sizeof in->operation };
    if (!invent(in->id)) return "busy";
    in->operation.transaction_id = (RialtoBytes){ (uint8_t *)in->id, sizeof in->id };
    if (line->kind == LINE_WATCH || line->kind == LINE_STATUS) return incoming_presence(line, config, in);
    if (!address_is_of(line->words[1], config->domain)) return "from";
    in->operation.source = uri_of("im:", line->words[1], in->source);
    in->operation.destination = uri_of("im:", line->words[2], in->destination);
    return line->kind == LINE_SEND ? incoming_message(line, in) : incoming_disposition(line, in);
}

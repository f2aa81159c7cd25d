// Presence: WATCH and STATUS to operations and back.
#define _GNU_SOURCE
#include <string.h>

#include "mapping.h"

enum {
    AS_LONG_AS_YOU_LIKE_S = 3600,
    LONGEST_S = 30 * 24 * 3600,
    HOPS = 70, // no line says how far a subscription has come
};

static const struct {
    uint32_t state;
    const char *word;
} phases[] = {
    { RIALTO_SUBSCRIPTION_PENDING, "wait" },
    { RIALTO_SUBSCRIPTION_ACTIVE, "live" },
    { RIALTO_SUBSCRIPTION_TERMINATED, "over" },
};

static const struct {
    PidfStatus status;
    const char *word;
} statuses[] = {
    { PIDF_UNKNOWN, "-" },
    { PIDF_OPEN, "on" },
    { PIDF_CLOSED, "off" },
};

enum { PHASES = sizeof phases / sizeof *phases, STATUSES = sizeof statuses / sizeof *statuses };

uint32_t seconds_of(uint64_t duration_ms) {
    if (duration_ms == RIALTO_DURATION_NONE) return 0;
    if (duration_ms == RIALTO_DURATION_NOT_SAID) return AS_LONG_AS_YOU_LIKE_S;
    if (duration_ms >= LONGEST_S * UINT64_C(1000)) return LONGEST_S;
    return (uint32_t)((duration_ms + 999) / 1000);
}

uint64_t duration_of(uint32_t seconds) { return seconds ? seconds * UINT64_C(1000) : RIALTO_DURATION_NONE; }

// What it says of presence, if it does.
static bool presence_of(const RialtoOperation *operation, RialtoPresence *presence) {
    if (!operation->presence) return false;
    *presence = (RialtoPresence){ 0 };
    memcpy(presence, operation->presence, known(operation->presence->size, sizeof *presence));
    return word_is_id(presence->subscription_id);
}

static uint32_t watch(const RialtoOperation *operation, const RialtoPresence *presence, Draft *draft) {
    draft_begin(draft, LINE_WATCH);
    draft_word(draft, operation->transaction_id);
    draft_word(draft, presence->subscription_id);
    draft_word(draft, address_in(operation->source, "pres:"));
    draft_word(draft, address_in(operation->destination, "pres:"));
    draft_number(draft, seconds_of(presence->duration_ms));
    return 0;
}

static uint32_t status(const RialtoOperation *operation, const RialtoPresence *presence, Draft *draft, const char **detail) {
    Pidf pidf = { .status = PIDF_UNKNOWN };
    const char *phase = 0;
    *detail = "no presence document that a pager can show";
    if (operation->payload.len && !pidf_read(operation->payload, &pidf)) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    for (size_t at = 0; at < PHASES; at++) {
        if (phases[at].state == presence->state) phase = phases[at].word;
    }
    *detail = "no state of a subscription that pagers know";
    if (!phase) return RIALTO_REASON_UNSUPPORTED_CONTENT;
    draft_begin(draft, LINE_STATUS);
    draft_word(draft, operation->transaction_id);
    draft_word(draft, presence->subscription_id);
    draft_word(draft, address_in(operation->source, "pres:"));
    draft_word(draft, address_in(operation->destination, "pres:"));
    draft_word(draft, word_of(phase));
    draft_word(draft, word_of(statuses[pidf.status].word));
    draft_text(draft, (RialtoBytes){ (uint8_t *)pidf.note, pidf.note_len });
    return 0;
}

uint32_t outgoing_presence(const RialtoOperation *operation, Draft *draft, const char **detail) {
    RialtoPresence presence;
    if (!presence_of(operation, &presence)) return RIALTO_REASON_INTERNAL;
    if (!word_is_sound(address_in(operation->source, "pres:"))) return RIALTO_REASON_INVALID_SOURCE;
    if (!word_is_sound(address_in(operation->destination, "pres:"))) return RIALTO_REASON_INVALID_DESTINATION;
    *detail = "pagers do not see who watches them";
    if (presence.package != RIALTO_PACKAGE_PRESENCE) return RIALTO_REASON_UNSUPPORTED_SERVICE;
    if (operation->kind == RIALTO_KIND_SUBSCRIBE) return watch(operation, &presence, draft);
    return status(operation, &presence, draft, detail);
}

static const char *incoming_watch(const Line *line, Incoming *in) {
    uint32_t seconds;
    if (!number_read(line->words[4], LONGEST_S, &seconds)) return "refused";
    in->operation.kind = RIALTO_KIND_SUBSCRIBE;
    in->operation.max_forwards = HOPS;
    in->presence.duration_ms = duration_of(seconds);
    // What comes back with each notification; the name would do as well.
    in->operation.reference = in->presence.subscription_id;
    return 0;
}

static const char *incoming_status(const Line *line, Incoming *in) {
    char note[PAGER_LINE_MAX];
    long note_len = text_read(line->words[6], note);
    const PidfStatus *status = 0;
    in->operation.kind = RIALTO_KIND_NOTIFY;
    for (size_t at = 0; at < PHASES; at++) {
        if (word_is(line->words[4], phases[at].word)) in->presence.state = phases[at].state;
    }
    for (size_t at = 0; at < STATUSES; at++) {
        if (word_is(line->words[5], statuses[at].word)) status = &statuses[at].status;
    }
    if (!in->presence.state || !status) return "refused";
    if (in->presence.state == RIALTO_SUBSCRIPTION_TERMINATED) in->presence.reason = RIALTO_TERMINATION_TIMEOUT;
    if (note_len < 0 || note_len > PIDF_NOTE_MAX || !text_is_sound(note, (size_t)note_len)) return "content";
    if (*status == PIDF_UNKNOWN) return 0;
    RialtoBytes said = { (uint8_t *)note, (size_t)note_len };
    size_t len = pidf_write(in->operation.source, *status, said, in->document);
    if (!len) return "content";
    in->operation.content_type = word_of("application/pidf+xml");
    in->operation.payload = (RialtoBytes){ (uint8_t *)in->document, len };
    return 0;
}

const char *incoming_presence(const Line *line, const Config *config, Incoming *in) {
    in->presence = (RialtoPresence){ .size = sizeof in->presence, .package = RIALTO_PACKAGE_PRESENCE,
        .subscription_id = line->words[1] };
    in->operation.presence = &in->presence;
    if (!address_is_of(line->words[2], config->domain)) return "from";
    if (!word_is_id(line->words[1])) return "refused";
    in->operation.flags = RIALTO_FLAG_AUTHENTICATED;
    in->operation.source = uri_of("pres:", line->words[2], in->source);
    in->operation.destination = uri_of("pres:", line->words[3], in->destination);
    return line->kind == LINE_WATCH ? incoming_watch(line, in) : incoming_status(line, in);
}

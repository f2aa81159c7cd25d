#include "line.h"

#include <stdio.h>
#include <string.h>

// What a line of each kind has behind its verb.
static const struct {
    const char *verb;
    size_t words;
    bool has_text; // the last one goes on to the end of the line
    bool has_id;   // the first one is an identifier
} forms[] = {
    [LINE_HELLO] = { "HELLO", 3, false, false },
    [LINE_WELCOME] = { "WELCOME", 1, false, false },
    [LINE_BYE] = { "BYE", 1, false, false },
    [LINE_SEND] = { "SEND", 6, true, true },
    [LINE_TELL] = { "TELL", 5, false, true },
    [LINE_ACK] = { "ACK", 2, false, true },
    [LINE_NAK] = { "NAK", 2, false, true },
    [LINE_PING] = { "PING", 0, false, false },
    [LINE_PONG] = { "PONG", 0, false, false },
    [LINE_WATCH] = { "WATCH", 5, false, true },
    [LINE_GRANT] = { "GRANT", 2, false, true },
    [LINE_STATUS] = { "STATUS", 7, true, true },
};

enum { FORMS = sizeof forms / sizeof *forms };

RialtoBytes word_of(const char *text) { return (RialtoBytes){ (const uint8_t *)text, strlen(text) }; }

bool word_is(RialtoBytes word, const char *text) {
    return word.len == strlen(text) && !memcmp(word.ptr, text, word.len);
}

bool word_is_sound(RialtoBytes word) {
    for (size_t at = 0; at < word.len; at++) {
        if (word.ptr[at] <= ' ' || word.ptr[at] == 0x7f) return false;
    }
    return word.len > 0;
}

bool word_is_id(RialtoBytes word) {
    for (size_t at = 0; at < word.len; at++) {
        if (word.ptr[at] >= 0x7f) return false;
    }
    return word.len <= PAGER_ID_MAX && word_is_sound(word);
}

// Takes what stands before the next space, or all.
static RialtoBytes next_word(RialtoBytes *rest) {
    const uint8_t *space = rest->len ? memchr(rest->ptr, ' ', rest->len) : 0;
    RialtoBytes word = { rest->ptr, space ? (size_t)(space - rest->ptr) : rest->len };
    size_t used = space ? word.len + 1 : word.len;
    rest->ptr += used;
    rest->len -= used;
    return word;
}

static bool read_words(Line *line, RialtoBytes rest) {
    size_t count = forms[line->kind].words;
    bool has_text = forms[line->kind].has_text;
    for (size_t at = 0; at < count - has_text; at++) {
        line->words[at] = next_word(&rest);
        if (!word_is_sound(line->words[at])) return false;
    }
    if (has_text) line->words[count - 1] = rest;
    else if (rest.len) return false;
    return !forms[line->kind].has_id || word_is_id(line->words[0]);
}

Line line_read(const char *bytes, size_t len) {
    Line line = { .kind = LINE_UNKNOWN };
    RialtoBytes rest = { (const uint8_t *)bytes, len };
    RialtoBytes verb = next_word(&rest);
    if (!word_is_sound(verb)) line.kind = LINE_MALFORMED;
    for (size_t kind = 0; kind < FORMS; kind++) {
        if (!word_is(verb, forms[kind].verb)) continue;
        line.kind = (LineKind)kind;
        if (!read_words(&line, rest)) line.kind = LINE_MALFORMED;
        break;
    }
    return line;
}

long text_read(RialtoBytes escaped, char *text) {
    long len = 0;
    for (size_t at = 0; at < escaped.len; at++) {
        char byte = (char)escaped.ptr[at];
        if (byte == '\\') {
            if (++at == escaped.len) return -1;
            switch (escaped.ptr[at]) {
            case '\\': break;
            case 'n': byte = '\n'; break;
            case 'r': byte = '\r'; break;
            default: return -1;
            }
        }
        text[len++] = byte;
    }
    return len;
}

static void put(Draft *draft, const void *bytes, size_t len) {
    if (len > sizeof draft->bytes - draft->len) draft->is_too_long = true;
    if (draft->is_too_long || !len) return;
    memcpy(draft->bytes + draft->len, bytes, len);
    draft->len += len;
}

void draft_begin(Draft *draft, LineKind kind) {
    draft->len = 0;
    draft->is_too_long = false;
    put(draft, forms[kind].verb, strlen(forms[kind].verb));
}

void draft_word(Draft *draft, RialtoBytes word) {
    put(draft, " ", 1);
    put(draft, word.ptr, word.len);
}

void draft_number(Draft *draft, unsigned number) {
    char digits[16];
    int len = snprintf(digits, sizeof digits, " %u", number);
    put(draft, digits, (size_t)len);
}

void draft_text(Draft *draft, RialtoBytes text) {
    put(draft, " ", 1);
    for (size_t at = 0; at < text.len; at++) {
        switch (text.ptr[at]) {
        case '\\': put(draft, "\\\\", 2); break;
        case '\n': put(draft, "\\n", 2); break;
        case '\r': put(draft, "\\r", 2); break;
        default: put(draft, text.ptr + at, 1);
        }
    }
}

void draft_end(Draft *draft) { put(draft, "\n", 1); }

#define _GNU_SOURCE
#include "pidf.h"

#include <string.h>

#include "utf8.h"

typedef enum { NOT_WANTED, BASIC, NOTE } Leaf;

// A document on its way; `text` is what has come of the element that is wanted.
typedef struct {
    const uint8_t *at, *end;
    Pidf *pidf;
    Leaf leaf;
    char text[PIDF_NOTE_MAX];
    size_t text_len;
    bool has_note;
} Reader;

static void put(Reader *reader, const void *bytes, size_t len) {
    size_t room = sizeof reader->text - reader->text_len;
    if (reader->leaf == NOT_WANTED) return;
    if (len > room) len = room;
    memcpy(reader->text + reader->text_len, bytes, len);
    reader->text_len += len;
}

// What stands before `mark` is handed back, and the reader is behind it. False: it does not stand there.
static bool until(Reader *reader, const char *mark, RialtoBytes *before) {
    const uint8_t *found = memmem(reader->at, (size_t)(reader->end - reader->at), mark, strlen(mark));
    if (!found) return false;
    if (before) *before = (RialtoBytes){ reader->at, (size_t)(found - reader->at) };
    reader->at = found + strlen(mark);
    return true;
}

static bool begins(const Reader *reader, const char *text) {
    size_t len = strlen(text);
    return (size_t)(reader->end - reader->at) >= len && !memcmp(reader->at, text, len);
}

static bool is_space(uint32_t code) { return code == ' ' || code == '\t' || code == '\n' || code == '\r'; }

// Whether XML has such a character (XML 1.0 §2.2): no document has others, not even by their numbers.
static bool is_character(uint32_t code) {
    if (code < ' ') return is_space(code);
    return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}

// Whether a text in UTF-8 has no others.
static bool is_of_characters(RialtoBytes text) {
    for (size_t at = 0; at < text.len; at++) {
        const uint8_t *byte = text.ptr + at;
        if (!is_character(*byte)) return false;
        // U+FFFE and U+FFFF.
        if (text.len - at > 2 && byte[0] == 0xef && byte[1] == 0xbf && byte[2] >= 0xbe) return false;
    }
    return true;
}

// A character by its number, `#38` or `#x26`.
static bool put_character(Reader *reader, RialtoBytes number) {
    bool is_hex = number.len > 1 && number.ptr[1] == 'x';
    uint32_t code = 0;
    size_t at = is_hex ? 2 : 1;
    if (at >= number.len) return false;
    for (; at < number.len; at++) {
        const char *digits = "0123456789abcdef", *digit = memchr(digits, number.ptr[at] | 0x20, is_hex ? 16 : 10);
        if (!digit || code > 0x10ffff) return false;
        code = code * (is_hex ? 16 : 10) + (uint32_t)(digit - digits);
    }
    if (!is_character(code)) return false;
    uint8_t bytes[UTF8_MAX];
    put(reader, bytes, utf8_write(code, bytes));
    return true;
}

static bool put_entity(Reader *reader, RialtoBytes name) {
    static const struct {
        const char *name, *character;
    } known[] = { { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "apos", "'" }, { "quot", "\"" } };
    if (name.len && name.ptr[0] == '#') return put_character(reader, name);
    for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
        if (name.len != strlen(known[at].name) || memcmp(name.ptr, known[at].name, name.len)) continue;
        put(reader, known[at].character, 1);
        return true;
    }
    return false;
}

// The element that was wanted has ended.
static void take(Reader *reader) {
    Pidf *pidf = reader->pidf;
    char *text = reader->text;
    size_t len = reader->text_len;
    while (len && is_space((uint8_t)text[len - 1])) len--;
    while (len && is_space((uint8_t)*text)) text++, len--;
    if (reader->leaf == BASIC) {
        if (len == 4 && !memcmp(text, "open", 4)) pidf->status = PIDF_OPEN;
        else if (len == 6 && !memcmp(text, "closed", 6) && pidf->status != PIDF_OPEN) pidf->status = PIDF_CLOSED;
    } else if (reader->leaf == NOTE && !reader->has_note && len) {
        while (len && !utf8_is_valid((uint8_t *)text, len)) len--; // what was cut was a character's end
        memcpy(pidf->note, text, len);
        pidf->note_len = len;
        reader->has_note = true;
    }
    reader->leaf = NOT_WANTED;
    reader->text_len = 0;
}

// The name of an element, without its prefix.
static bool is_named(RialtoBytes tag, const char *name) {
    size_t len = 0;
    while (len < tag.len && !is_space(tag.ptr[len]) && tag.ptr[len] != '/') len++;
    const uint8_t *colon = len ? memchr(tag.ptr, ':', len) : 0;
    RialtoBytes local = colon ? (RialtoBytes){ colon + 1, len - (size_t)(colon + 1 - tag.ptr) } : (RialtoBytes){ tag.ptr, len };
    return local.len == strlen(name) && !memcmp(local.ptr, name, local.len);
}

// A start tag goes on to its `>`, over those in quotes.
static bool start_tag(Reader *reader) {
    const uint8_t *start = reader->at;
    uint8_t quote = 0;
    for (; reader->at < reader->end; reader->at++) {
        uint8_t byte = *reader->at;
        if (quote) {
            if (byte == quote) quote = 0;
        } else if (byte == '"' || byte == '\'') {
            quote = byte;
        } else if (byte == '>') {
            break;
        } else if (byte == '<') {
            return false;
        }
    }
    if (reader->at == reader->end) return false;
    RialtoBytes tag = { start, (size_t)(reader->at - start) };
    reader->at++;
    if (!tag.len) return false;
    bool is_empty = tag.ptr[tag.len - 1] == '/';
    reader->leaf = is_empty ? NOT_WANTED : is_named(tag, "basic") ? BASIC : is_named(tag, "note") ? NOTE : NOT_WANTED;
    reader->text_len = 0;
    return true;
}

// What begins with `<`.
static bool markup(Reader *reader) {
    RialtoBytes data;
    if (begins(reader, "<?")) return until(reader, "?>", 0);
    if (begins(reader, "<!--")) return until(reader, "-->", 0);
    if (begins(reader, "<![CDATA[")) {
        reader->at += strlen("<![CDATA[");
        if (!until(reader, "]]>", &data)) return false;
        put(reader, data.ptr, data.len);
        return true;
    }
    if (begins(reader, "<!")) return false; // a document type
    if (begins(reader, "</")) {
        take(reader);
        return until(reader, ">", 0);
    }
    reader->at++;
    return start_tag(reader);
}

bool pidf_read(RialtoBytes document, Pidf *pidf) {
    Reader reader = { .at = document.ptr, .end = document.ptr + document.len, .pidf = pidf };
    *pidf = (Pidf){ .status = PIDF_UNKNOWN };
    if (!document.len || document.len > PIDF_READ_MAX) return false;
    if (!utf8_is_valid(document.ptr, document.len) || !is_of_characters(document)) return false;
    while (reader.at < reader.end) {
        RialtoBytes entity;
        if (*reader.at == '<') {
            if (!markup(&reader)) return false;
        } else if (*reader.at == '&') {
            reader.at++;
            if (!until(&reader, ";", &entity) || !put_entity(&reader, entity)) return false;
        } else {
            put(&reader, reader.at++, 1);
        }
    }
    return true;
}

// A document in the making.
typedef struct {
    char *bytes;
    size_t len;
    bool is_wrong;
} Writer;

static void write_bytes(Writer *writer, const void *bytes, size_t len) {
    if (len > PIDF_MAX - writer->len) writer->is_wrong = true;
    if (writer->is_wrong) return;
    memcpy(writer->bytes + writer->len, bytes, len);
    writer->len += len;
}

static void write_text(Writer *writer, const char *text) { write_bytes(writer, text, strlen(text)); }

static void write_escaped(Writer *writer, RialtoBytes text) {
    if (!is_of_characters(text)) writer->is_wrong = true;
    for (size_t at = 0; at < text.len; at++) {
        switch (text.ptr[at]) {
        case '<': write_text(writer, "&lt;"); break;
        case '>': write_text(writer, "&gt;"); break;
        case '&': write_text(writer, "&amp;"); break;
        case '"': write_text(writer, "&quot;"); break;
        default: write_bytes(writer, text.ptr + at, 1);
        }
    }
}

size_t pidf_write(RialtoBytes presentity, PidfStatus status, RialtoBytes note, char document[PIDF_MAX]) {
    Writer writer = { .bytes = document };
    write_text(&writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"");
    write_escaped(&writer, presentity);
    write_text(&writer, "\"><tuple id=\"pager\"><status><basic>");
    write_text(&writer, status == PIDF_OPEN ? "open" : "closed");
    write_text(&writer, "</basic></status>");
    if (note.len) {
        write_text(&writer, "<note>");
        write_escaped(&writer, note);
        write_text(&writer, "</note>");
    }
    write_text(&writer, "</tuple></presence>");
    return writer.is_wrong ? 0 : writer.len;
}

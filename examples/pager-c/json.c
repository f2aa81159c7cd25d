#include "json.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

typedef struct {
    const uint8_t *next, *start, *end;
    char *problem;
} Reader;

static bool fail(Reader *reader, const char *what) {
    snprintf(reader->problem, JSON_PROBLEM_MAX, "byte %zu: %s", (size_t)(reader->next - reader->start), what);
    return false;
}

static void skip_space(Reader *reader) {
    while (reader->next < reader->end && strchr(" \t\r\n", *reader->next) && *reader->next) reader->next++;
}

static bool take(Reader *reader, char wanted) {
    skip_space(reader);
    if (reader->next == reader->end || *reader->next != (uint8_t)wanted) return false;
    reader->next++;
    return true;
}

static bool read_hex(Reader *reader, uint32_t *code) {
    *code = 0;
    for (int digit = 0; digit < 4; digit++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *found = reader->next < reader->end && *reader->next ? strchr(digits, *reader->next) : 0;
        if (!found) return fail(reader, "not four hexadecimal digits");
        uint32_t value = (uint32_t)(found - digits);
        *code = *code << 4 | (value < 16 ? value : value - 6);
        reader->next++;
    }
    return true;
}

// What stands behind `\u`: one unit of UTF-16, or two.
static bool read_code(Reader *reader, uint32_t *code) {
    uint32_t low;
    if (!read_hex(reader, code)) return false;
    if (*code == 0) return fail(reader, "a text holds no NUL");
    if (*code >> 10 == 0x37) return fail(reader, "half a surrogate pair");
    if (*code >> 10 != 0x36) return true;
    if (reader->end - reader->next < 2 || memcmp(reader->next, "\\u", 2)) return fail(reader, "half a surrogate pair");
    reader->next += 2;
    if (!read_hex(reader, &low)) return false;
    if (low >> 10 != 0x37) return fail(reader, "half a surrogate pair");
    *code = 0x10000 + ((*code & 0x3ff) << 10 | (low & 0x3ff));
    return true;
}

static bool read_escape(Reader *reader, uint32_t *code) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (reader->next == reader->end) return fail(reader, "the text does not end");
    uint8_t name = *reader->next++;
    if (name == 'u') return read_code(reader, code);
    const char *found = name ? strchr(names, name) : 0;
    if (!found) return fail(reader, "an unknown escape");
    *code = (uint8_t)values[found - names];
    return true;
}

static bool read_text(Reader *reader, char text[JSON_TEXT_MAX + 1]) {
    size_t len = 0;
    if (!take(reader, '"')) return fail(reader, "not a text");
    while (reader->next < reader->end && *reader->next != '"') {
        uint8_t bytes[UTF8_MAX] = { *reader->next++ };
        size_t count = 1;
        if (bytes[0] < 0x20) return fail(reader, "a control character in a text");
        if (bytes[0] == '\\') {
            uint32_t code;
            if (!read_escape(reader, &code)) return false;
            count = utf8_write(code, bytes);
        }
        if (len + count > JSON_TEXT_MAX) return fail(reader, "a text of more than 255 bytes");
        memcpy(text + len, bytes, count);
        len += count;
    }
    text[len] = 0;
    if (!take(reader, '"')) return fail(reader, "the text does not end");
    return utf8_is_valid((uint8_t *)text, len) || fail(reader, "a text that is not UTF-8");
}

static bool read_number(Reader *reader, int64_t *number) {
    bool is_negative = take(reader, '-');
    const uint8_t *first = reader->next;
    for (*number = 0; reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9'; reader->next++) {
        if (*number > (INT64_MAX - 9) / 10) return fail(reader, "a number that is too large");
        *number = *number * 10 + (*reader->next - '0');
    }
    bool has_fraction = reader->next < reader->end && *reader->next && strchr(".eE", *reader->next);
    if (reader->next == first || has_fraction) return fail(reader, "neither a text nor a whole number");
    if (*first == '0' && reader->next - first > 1) return fail(reader, "a number that begins with 0");
    if (is_negative) *number = -*number;
    return true;
}

static bool read_member(Reader *reader, JsonTake *take_member, void *context) {
    char key[JSON_TEXT_MAX + 1];
    JsonValue value = { 0 };
    if (!read_text(reader, key)) return false;
    if (!take(reader, ':')) return fail(reader, "no `:` behind a key");
    skip_space(reader);
    value.is_text = reader->next < reader->end && *reader->next == '"';
    if (!(value.is_text ? read_text(reader, value.text) : read_number(reader, &value.number))) {
        char why[JSON_PROBLEM_MAX];
        memcpy(why, reader->problem, sizeof why);
        snprintf(reader->problem, JSON_PROBLEM_MAX, "%.40s: %.100s", key, why);
        return false;
    }
    return take_member(context, key, &value, reader->problem);
}

bool json_read(const uint8_t *text, size_t len, JsonTake *take_member, void *context, char problem[JSON_PROBLEM_MAX]) {
    static const uint8_t nothing[1];
    if (!len) text = nothing; // it may be null then
    Reader reader = { text, text, text + len, problem };
    if (!take(&reader, '{')) return fail(&reader, "not an object");
    if (!take(&reader, '}')) {
        do {
            if (!read_member(&reader, take_member, context)) return false;
        } while (take(&reader, ','));
        if (!take(&reader, '}')) return fail(&reader, "the object does not end");
    }
    skip_space(&reader);
    return reader.next == reader.end || fail(&reader, "something behind the object");
}

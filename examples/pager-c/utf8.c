#include "utf8.h"

size_t utf8_write(uint32_t code, uint8_t bytes[UTF8_MAX]) {
    static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t at = count; at-- > 1; code >>= 6) bytes[at] = (uint8_t)(0x80 | (code & 0x3f));
    bytes[0] = (uint8_t)(marks[count] | code);
    return count;
}

// How many bytes the character has that a text begins with; 0: it is none.
static size_t character(const uint8_t *text, size_t len) {
    uint8_t first = text[0];
    if (first < 0x80) return 1;
    size_t count = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || count > len) return 0;
    for (size_t at = 1; at < count; at++) {
        if ((text[at] & 0xc0) != 0x80) return 0;
    }
    // Too long for what they say, surrogates, beyond Unicode.
    if (first == 0xe0 && text[1] < 0xa0) return 0;
    if (first == 0xed && text[1] > 0x9f) return 0;
    if (first == 0xf0 && text[1] < 0x90) return 0;
    if (first == 0xf4 && text[1] > 0x8f) return 0;
    return count;
}

bool utf8_is_valid(const uint8_t *text, size_t len) {
    while (len) {
        size_t count = character(text, len);
        if (!count) return false;
        text += count;
        len -= count;
    }
    return true;
}

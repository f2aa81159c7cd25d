// The lines of PAGER/1; README.md defines them.
#ifndef PAGER_LINE_H
#define PAGER_LINE_H

#include <stdbool.h>

#include "rialto.h"

enum {
    PAGER_LINE_MAX = 4096, // longest line, with its line feed
    PAGER_ID_MAX = 40,
    PAGER_REPLY_MAX = 64, // longest ACK, NAK, PING or PONG
    PAGER_WORDS = 7,
};

typedef enum {
    LINE_HELLO,
    LINE_WELCOME,
    LINE_BYE,
    LINE_SEND,
    LINE_TELL,
    LINE_ACK,
    LINE_NAK,
    LINE_PING,
    LINE_PONG,
    LINE_WATCH,
    LINE_GRANT,
    LINE_STATUS,
    LINE_UNKNOWN,   // of a later version: passed over
    LINE_MALFORMED, // ends the connection
} LineKind;

// A line that came; its words point into it.
typedef struct {
    LineKind kind;
    RialtoBytes words[PAGER_WORDS];
} Line;

// A line in the making.
typedef struct {
    char bytes[PAGER_LINE_MAX];
    size_t len;
    bool is_too_long;
} Draft;

RialtoBytes word_of(const char *text);
bool word_is(RialtoBytes word, const char *text);

// Not empty, without spaces and control characters.
bool word_is_sound(RialtoBytes word);

// A sound word of ASCII that is not longer than PAGER_ID_MAX.
bool word_is_id(RialtoBytes word);

// Reads a whole line, without its line feed.
Line line_read(const char *bytes, size_t len);

// Undoes the escapes of a text; returns its length, or -1 if they are wrong. There is room for `escaped.len` bytes.
long text_read(RialtoBytes escaped, char *text);

void draft_begin(Draft *draft, LineKind kind);
void draft_word(Draft *draft, RialtoBytes word);
void draft_number(Draft *draft, unsigned number);
void draft_text(Draft *draft, RialtoBytes text);
void draft_end(Draft *draft);

#endif

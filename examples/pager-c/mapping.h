// Between the common format and the lines of PAGER/1.
#ifndef PAGER_MAPPING_H
#define PAGER_MAPPING_H

#include "config.h"
#include "line.h"
#include "pidf.h"

enum { URI_MAX = PAGER_LINE_MAX + 5 }; // longest `im:` or `pres:` URI that a line can hold

// An operation made of a line, with what it points to.
typedef struct {
    RialtoOperation operation;
    RialtoHeader headers[2];
    RialtoPresence presence;
    char source[URI_MAX], destination[URI_MAX];
    char text[PAGER_LINE_MAX];
    char document[PIDF_MAX];
    char id[32]; // of the operation
} Incoming;

// What both sides know of a struct: the other one may be older than this header, or newer. The rest stays zero.
size_t known(uint32_t theirs, size_t ours);

// Answers once. An empty detail stands for the reason's usual text.
uint32_t answer(RialtoCompletion done, uint32_t status, uint32_t reason, const char *detail);

// Writes an operation as a line. Returns 0, or the reason why it cannot be one; the detail then says more.
uint32_t outgoing(const RialtoOperation *operation, Draft *draft, const char **detail);

// Makes an operation of a SEND, TELL, WATCH or STATUS. Returns 0, or the word for a NAK.
const char *incoming(const Line *line, const Config *config, Incoming *incoming);

// The word for a NAK, and the reason that it stands for in answer to an operation of this kind.
const char *word_for(uint32_t reason);
uint32_t reason_for(uint32_t kind, RialtoBytes word);

// Of these, those of presence.
uint32_t outgoing_presence(const RialtoOperation *operation, Draft *draft, const char **detail);
const char *incoming_presence(const Line *line, const Config *config, Incoming *incoming);

// How long a subscription holds, as lines have it and as the contract does; 0 seconds are none.
uint32_t seconds_of(uint64_t duration_ms);
uint64_t duration_of(uint32_t seconds);

// An address is a URI without its scheme; empty, if it has another.
RialtoBytes address_in(RialtoBytes uri, const char *scheme);
RialtoBytes uri_of(const char *scheme, RialtoBytes address, char room[URI_MAX]);

// The server vouches for its own users, and for nobody else.
bool address_is_of(RialtoBytes address, const char *domain);

bool number_read(RialtoBytes word, uint32_t most, uint32_t *number);

// UTF-8, without NUL.
bool text_is_sound(const char *text, size_t len);

#endif

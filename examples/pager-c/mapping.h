// Between the common format and the lines of PAGER/1.
#ifndef PAGER_MAPPING_H
#define PAGER_MAPPING_H

#include "config.h"
#include "line.h"

enum { IM_MAX = PAGER_LINE_MAX + 3 }; // longest `im:` URI that a line can hold

// An operation made of a line, with what it points to.
typedef struct {
    RialtoOperation operation;
    RialtoHeader headers[2];
    char source[IM_MAX], destination[IM_MAX];
    char text[PAGER_LINE_MAX];
    char id[32]; // of the operation
} Incoming;

// Answers once. An empty detail stands for the reason's usual text.
uint32_t answer(RialtoCompletion done, uint32_t status, uint32_t reason, const char *detail);

// Writes an operation as a line. Returns 0, or the reason why it cannot be one; the detail then says more.
uint32_t outgoing(const RialtoOperation *operation, Draft *draft, const char **detail);

// Makes an operation of a SEND or TELL. Returns 0, or the word for a NAK.
const char *incoming(const Line *line, const Config *config, Incoming *incoming);

// The word for a NAK, and the reason that it stands for.
const char *word_for(uint32_t reason);
uint32_t reason_for(RialtoBytes word);

#endif

// As much of presence documents (PIDF, RFC 3863) as a pager shows: whether somebody is there, and a note.
#ifndef PAGER_PIDF_H
#define PAGER_PIDF_H

#include <stdbool.h>

#include "rialto.h"

enum {
    PIDF_NOTE_MAX = 200,  // longest note, in bytes
    PIDF_MAX = 8192,      // longest document of ours: an address and a note, all of it escaped
    PIDF_READ_MAX = 1 << 18, // longest document that is looked at
};

typedef enum { PIDF_UNKNOWN, PIDF_OPEN, PIDF_CLOSED } PidfStatus;

typedef struct {
    PidfStatus status; // open if any tuple is
    char note[PIDF_NOTE_MAX];
    size_t note_len; // the first note, cut at a character
} Pidf;

// Reads a document. False: it is no XML that it can be read from. A document type is refused.
bool pidf_read(RialtoBytes document, Pidf *pidf);

// Writes a document of a presentity, a `pres:` URI; returns its length, or 0: the note has what XML has not, or there is no room.
size_t pidf_write(RialtoBytes presentity, PidfStatus status, RialtoBytes note, char document[PIDF_MAX]);

#endif

// A plugin in C that answers every message with success; tests define what they want otherwise, then include this.
#include "rialto.h"

#include <string.h>

#ifndef ANSWER
#define ANSWER(done) succeed(done)
#endif
#ifndef CONTRACT
#define CONTRACT RIALTO_CONTRACT
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef SIZE
#define SIZE sizeof(RialtoPlugin)
#endif
#ifndef SCHEMES
#define SCHEMES "c"
#endif
#ifndef LOOKUPS
#define LOOKUPS ""
#endif
#ifndef SERVICES
#define SERVICES RIALTO_SERVICE_MESSAGES
#endif
#ifndef PATIENCE
#define PATIENCE RIALTO_PATIENCE_NOT_SAID
#endif
#ifndef CAPABILITIES
#define CAPABILITIES ""
#endif
#ifndef START
#define START start
#endif
#ifndef DELIVER
#define DELIVER deliver
#endif
#ifndef CANCEL
#define CANCEL 0
#endif
#ifndef STOP
#define STOP stop
#endif
#ifndef MAKE_WAY
#define MAKE_WAY 0
#endif
#ifndef CLAIMS
#define CLAIMS 0
#endif
#ifndef LAYOUT
#define LAYOUT 0
#define LAYOUT_LEN 0
#endif

static inline void succeed(RialtoCompletion done) {
    RialtoResponse response = { .size = sizeof response };
    done.complete(done.ticket, &response);
}

// The gateway, as the adapter that was started last has it.
static RialtoHost host;

static inline void *start(const RialtoStart *start, RialtoCompletion done) {
    memcpy(&host, start->host, start->host->size < sizeof host ? start->host->size : sizeof host);
    succeed(done);
    return malloc(1);
}

static inline void deliver(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
    (void)adapter, (void)operation;
    ANSWER(done);
}

static inline void stop(void *adapter, const RialtoStop *stop, RialtoCompletion done) {
    (void)adapter, (void)stop;
    succeed(done);
}

#ifdef SCHEMA
static inline RialtoBytes schema(void) { return (RialtoBytes)RIALTO_TEXT(SCHEMA); }
#else
#define schema 0
#endif

RIALTO_EXPORT const RialtoPlugin RIALTO_PLUGIN = {
    .magic = RIALTO_MAGIC,
    .contract = CONTRACT,
    .size = SIZE,
    .name = RIALTO_TEXT("c"),
    .version = RIALTO_TEXT(VERSION),
    .protocol = RIALTO_TEXT("c"),
    .schemes = RIALTO_TEXT(SCHEMES),
    .services = SERVICES,
    .claims = CLAIMS,
    .start = START,
    .deliver = DELIVER,
    .cancel = CANCEL,
    .stop = STOP,
    .release = free,
    .layout = LAYOUT,
    .layout_len = LAYOUT_LEN,
    .lookups = RIALTO_TEXT(LOOKUPS),
    .patience_ms = PATIENCE,
    .capabilities = RIALTO_TEXT(CAPABILITIES),
    .config_schema = schema,
    .make_way = MAKE_WAY,
};

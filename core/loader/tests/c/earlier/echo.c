// A copy of examples/echo-plugin-c as it was then, frozen with the header beside it.

// Echo in C: sends every instant message back to its source; the sender is told how its echo ended.
#define _DEFAULT_SOURCE
#include "rialto.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    RialtoHost host; // valid until the process ends: its table may be kept
} Adapter;

static RialtoBytes none(void) { return (RialtoBytes){ 0, 0 }; }
static RialtoBytes text(const char *text) { return (RialtoBytes){ (const uint8_t *)text, strlen(text) }; }

static void answer(RialtoCompletion done, uint32_t status, uint32_t reason, const char *detail) {
    RialtoResponse response = { .size = sizeof response, .status = status, .reason = reason, .detail = text(detail) };
    done.complete(done.ticket, &response); // copies what it needs before it returns
}

static void *start(const RialtoStart *start, RialtoCompletion done) {
    Adapter *adapter = calloc(1, sizeof *adapter);
    if (!adapter) {
        answer(done, RIALTO_FAILURE, RIALTO_REASON_OVERLOADED, "no memory");
        return 0;
    }
    // `start` is borrowed. The gateway may be older than this header: then the rest stays zero.
    uint32_t known = start->host->size < sizeof adapter->host ? start->host->size : (uint32_t)sizeof adapter->host;
    memcpy(&adapter->host, start->host, known);
    if (adapter->host.log) {
        RialtoLogRecord line = { .size = sizeof line, .level = RIALTO_LEVEL_INFO,
            .target = text("echo_c"), .message = text("echo started") };
        adapter->host.log(adapter->host.ctx, &line);
    }
    answer(done, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
    return adapter;
}

// The gateway says how the echo ended; `ticket` is the delivery that waits for it.
static uint32_t echoed(uint64_t ticket, const RialtoResponse *response) {
    RialtoCompletion *waiting = (RialtoCompletion *)(uintptr_t)ticket;
    RialtoResponse onward = *response;
    onward.size = sizeof onward;
    onward.transaction_id = none(); // the delivery's own
    uint32_t taken = waiting->complete(waiting->ticket, &onward);
    free(waiting);
    return taken;
}

static void deliver(void *handle, const RialtoOperation *operation, RialtoCompletion done) {
    Adapter *adapter = handle;
    RialtoOperation echo = *operation;
    uint8_t random[16], id[32];
    RialtoCompletion *waiting = malloc(sizeof *waiting);
    if (operation->kind != RIALTO_KIND_MESSAGE) {
        answer(done, RIALTO_FAILURE, RIALTO_REASON_UNSUPPORTED_SERVICE, "messages only");
    } else if (!waiting || getentropy(random, sizeof random)) {
        answer(done, RIALTO_FAILURE, RIALTO_REASON_OVERLOADED, "no memory, or no entropy");
    } else {
        for (int i = 0; i < 32; i++) id[i] = (uint8_t)"0123456789abcdef"[random[i / 2] >> (i % 2 * 4) & 15];
        echo.size = sizeof echo;
        echo.transaction_id = (RialtoBytes){ id, sizeof id };
        echo.source = operation->destination;
        echo.destination = operation->source;
        echo.source_instance = echo.destination_instance = echo.next_hop = none();
        *waiting = done;
        adapter->host.submit(adapter->host.ctx, &echo,
            (RialtoCompletion){ (uint64_t)(uintptr_t)waiting, echoed });
        return; // `echoed` has been called, or will be
    }
    free(waiting);
}

static void stop(void *adapter, const RialtoStop *stop, RialtoCompletion done) {
    (void)adapter, (void)stop;
    answer(done, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
}

RIALTO_EXPORT const RialtoPlugin RIALTO_PLUGIN = {
    .magic = RIALTO_MAGIC,
    .contract = RIALTO_CONTRACT,
    .size = sizeof(RialtoPlugin),
    .name = RIALTO_TEXT("echo-c"),
    .version = RIALTO_TEXT("0.1.0"),
    .protocol = RIALTO_TEXT("echo"),
    .schemes = RIALTO_TEXT("echo"),
    .services = RIALTO_SERVICE_MESSAGES,
    .licence = RIALTO_TEXT("MIT OR Apache-2.0"),
    .start = start,
    .deliver = deliver,
    .stop = stop,
    .release = free,
};

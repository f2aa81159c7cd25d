// Pagers: bridges PAGER/1, a line protocol over TCP, which README.md defines.
#define _DEFAULT_SOURCE
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "adapter.h"

enum {
    PATIENCE_MS = 10000,       // how long a pager waits for its ACK
    LONGEST_MS = 300 * 1000,   // how long a delivery without a deadline waits
    RETRY_MS = 1000,           // when to come again to a full queue
};

// Nothing is claimed: it listens nowhere, and other networks may bring in users of the same domain.
static void claims(RialtoBytes json, const RialtoClaimSink *sink, RialtoCompletion done) {
    (void)sink;
    Config config;
    char problem[JSON_PROBLEM_MAX];
    if (config_read(json, &config, problem)) answer(done, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
    else answer(done, RIALTO_FAILURE, RIALTO_REASON_INTERNAL, problem);
}

// An adapter without a thread; null: there is no memory, or no descriptor.
static Adapter *make(const RialtoStart *start, const Config *config) {
    Adapter *adapter = calloc(1, sizeof *adapter);
    if (!adapter) return 0;
    adapter->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (adapter->wake < 0) {
        free(adapter);
        return 0;
    }
    adapter->config = *config;
    // `start` is borrowed; of the host, the table may be kept.
    memcpy(&adapter->host, start->host, known(start->host->size, sizeof adapter->host));
    atomic_init(&adapter->references, 2); // the handle and the thread
    atomic_init(&adapter->level, start->level);
    pthread_mutex_init(&adapter->lock, 0);
    TAILQ_INIT(&adapter->pending);
    return adapter;
}

static void *start(const RialtoStart *start, RialtoCompletion done) {
    Config config;
    char problem[JSON_PROBLEM_MAX];
    if (!config_read(start->config, &config, problem)) {
        answer(done, RIALTO_FAILURE, RIALTO_REASON_INTERNAL, problem);
        return 0;
    }
    Adapter *adapter = make(start, &config);
    if (!adapter) {
        answer(done, RIALTO_FAILURE, RIALTO_REASON_OVERLOADED, "no memory, or no descriptor");
        return 0;
    }
    adapter_health(adapter, RIALTO_HEALTH_DEGRADED, "not connected yet");
    if (pthread_create(&adapter->thread, 0, link_run, adapter)) {
        adapter_unref(adapter); // the thread's
        adapter_unref(adapter);
        answer(done, RIALTO_FAILURE, RIALTO_REASON_OVERLOADED, "no thread");
        return 0;
    }
    // An adapter is ready when it works at its connection: the server may come later.
    answer(done, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
    return adapter;
}

// Under the lock: queues the line, and what waits for its answer. Returns 0, or the reason why not.
static uint32_t enqueue(Adapter *adapter, const Draft *line, Pending *pending) {
    if (adapter->is_stopping) return RIALTO_REASON_SHUTTING_DOWN;
    if (!adapter->is_up) return RIALTO_REASON_UNREACHABLE;
    if (adapter->pending_len >= adapter->config.max_pending) return RIALTO_REASON_OVERLOADED;
    pending->begins = adapter->written + (adapter->out_end - adapter->out_begin);
    if (!adapter_queue(adapter, line->bytes, line->len, OUT_RESERVE)) return RIALTO_REASON_OVERLOADED;
    TAILQ_INSERT_TAIL(&adapter->pending, pending, link);
    adapter->pending_len++;
    return 0;
}

static void refuse(RialtoCompletion done, uint32_t reason, const char *detail) {
    RialtoResponse response = { .size = sizeof response, .status = RIALTO_FAILURE, .reason = reason, .detail = word_of(detail) };
    if (reason == RIALTO_REASON_OVERLOADED) {
        response.retry = RIALTO_RETRY_AFTER;
        response.retry_after_ms = RETRY_MS;
    }
    done.complete(done.ticket, &response);
}

static void deliver(void *handle, const RialtoOperation *lent, RialtoCompletion done) {
    Adapter *adapter = handle;
    RialtoOperation operation = { 0 };
    memcpy(&operation, lent, known(lent->size, sizeof operation));
    Draft line;
    const char *detail;
    uint32_t reason = outgoing(&operation, &line, &detail);
    Pending *pending = reason ? 0 : malloc(sizeof *pending);
    if (!pending) {
        refuse(done, reason ? reason : RIALTO_REASON_OVERLOADED, reason ? detail : "no memory");
        return;
    }
    int64_t limit = operation.deadline_ms && operation.deadline_ms < LONGEST_MS ? (int64_t)operation.deadline_ms : LONGEST_MS;
    *pending = (Pending){ .done = done, .kind = operation.kind, .id_len = operation.transaction_id.len, .deadline = now_ms() + limit };
    memcpy(pending->id, operation.transaction_id.ptr, pending->id_len);
    pthread_mutex_lock(&adapter->lock);
    reason = enqueue(adapter, &line, pending);
    pthread_mutex_unlock(&adapter->lock);
    if (!reason) {
        adapter_wake(adapter);
        return;
    }
    free(pending);
    refuse(done, reason, "");
}

// The line may have been written; only the answer is not waited for any more.
static void cancel(void *handle, uint64_t ticket) {
    Adapter *adapter = handle;
    Pending *found;
    pthread_mutex_lock(&adapter->lock);
    TAILQ_FOREACH(found, &adapter->pending, link) {
        if (found->done.ticket == ticket) break;
    }
    if (found) {
        TAILQ_REMOVE(&adapter->pending, found, link);
        adapter->pending_len--;
    }
    pthread_mutex_unlock(&adapter->lock);
    free(found);
}

static void stop(void *handle, const RialtoStop *stop, RialtoCompletion done) {
    Adapter *adapter = handle;
    pthread_mutex_lock(&adapter->lock);
    adapter->is_stopping = true;
    adapter->stop_by = now_ms() + (int64_t)(stop->deadline_ms / 4 * 3);
    adapter->stopped = done;
    pthread_mutex_unlock(&adapter->lock);
    adapter_wake(adapter);
}

static void release(void *handle) {
    Adapter *adapter = handle;
    pthread_mutex_lock(&adapter->lock);
    adapter->is_released = true;
    pthread_mutex_unlock(&adapter->lock);
    adapter_wake(adapter);
    // The gateway may let go of the adapter inside a call that our thread makes.
    if (pthread_equal(pthread_self(), adapter->thread)) pthread_detach(adapter->thread);
    else pthread_join(adapter->thread, 0);
    adapter_unref(adapter);
}

static void set_level(void *handle, uint32_t level) {
    Adapter *adapter = handle;
    atomic_store(&adapter->level, level);
}

RIALTO_EXPORT const RialtoPlugin RIALTO_PLUGIN = {
    .magic = RIALTO_MAGIC,
    .contract = RIALTO_CONTRACT,
    .size = sizeof(RialtoPlugin),
    .name = RIALTO_TEXT("pager"),
    .version = RIALTO_TEXT("0.1.0"),
    .protocol = RIALTO_TEXT("pager"),
    .services = RIALTO_SERVICE_MESSAGES | RIALTO_SERVICE_DISPOSITIONS | RIALTO_SERVICE_PRESENCE,
    .licence = RIALTO_TEXT("MIT OR Apache-2.0"),
    .claims = claims,
    .start = start,
    .deliver = deliver,
    .cancel = cancel,
    .stop = stop,
    .release = release,
    .set_level = set_level,
    .patience_ms = PATIENCE_MS,
    .capabilities = RIALTO_TEXT("content text/plain,receipt delivered,receipt displayed,receipt failed,presence watches,presence watched"),
    .config_schema = config_schema,
};

#define _DEFAULT_SOURCE
#include "adapter.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

// A line of the server at the gateway; `ticket` is its address.
typedef struct {
    Adapter *adapter;
    uint32_t connection;
    uint32_t kind; // of the operation
    char id[PAGER_ID_MAX];
    size_t id_len;
} Submission;

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void adapter_wake(Adapter *adapter) {
    uint64_t one = 1;
    ssize_t written = write(adapter->wake, &one, sizeof one);
    (void)written; // it fails only when the thread is to be woken anyway
}

void adapter_unref(Adapter *adapter) {
    if (atomic_fetch_sub(&adapter->references, 1) != 1) return;
    close(adapter->wake);
    pthread_mutex_destroy(&adapter->lock);
    free(adapter);
}

size_t adapter_room(const Adapter *adapter) { return OUT_MAX - (adapter->out_end - adapter->out_begin); }

bool adapter_queue(Adapter *adapter, const char *bytes, size_t len, size_t reserve) {
    if (adapter_room(adapter) < len + reserve) return false;
    if (OUT_MAX - adapter->out_end < len) {
        adapter->out_end -= adapter->out_begin;
        memmove(adapter->out, adapter->out + adapter->out_begin, adapter->out_end);
        adapter->out_begin = 0;
    }
    memcpy(adapter->out + adapter->out_end, bytes, len);
    adapter->out_end += len;
    return true;
}

// The gateway says how it ended, from any thread, perhaps before `submit` returns.
static uint32_t submitted(uint64_t ticket, const RialtoResponse *response) {
    Submission *submission = (Submission *)(uintptr_t)ticket;
    Adapter *adapter = submission->adapter;
    RialtoBytes id = { (uint8_t *)submission->id, submission->id_len };
    RialtoResponse said = { 0 };
    memcpy(&said, response, known(response->size, sizeof said));
    bool is_grant = said.status == RIALTO_SUCCESS && submission->kind == RIALTO_KIND_SUBSCRIBE;
    Draft reply;
    draft_begin(&reply, said.status == RIALTO_FAILURE ? LINE_NAK : is_grant ? LINE_GRANT : LINE_ACK);
    draft_word(&reply, id);
    if (is_grant) draft_number(&reply, seconds_of(said.duration_ms));
    else if (said.status == RIALTO_FAILURE) draft_word(&reply, word_of(word_for(said.reason)));
    else draft_word(&reply, word_of(said.status == RIALTO_SUCCESS ? "done" : "kept"));
    draft_end(&reply);
    pthread_mutex_lock(&adapter->lock);
    adapter->submissions--;
    if (adapter->is_up && adapter->connection == submission->connection) adapter_queue(adapter, reply.bytes, reply.len, 0);
    pthread_mutex_unlock(&adapter->lock);
    adapter_wake(adapter);
    free(submission);
    adapter_unref(adapter);
    return RIALTO_ACCEPTED;
}

bool adapter_submit(Adapter *adapter, RialtoBytes id, const RialtoOperation *operation) {
    Submission *submission = malloc(sizeof *submission);
    if (!submission) return false;
    *submission = (Submission){ .adapter = adapter, .kind = operation->kind, .id_len = id.len };
    memcpy(submission->id, id.ptr, id.len);
    atomic_fetch_add(&adapter->references, 1);
    pthread_mutex_lock(&adapter->lock);
    submission->connection = adapter->connection;
    adapter->submissions++;
    pthread_mutex_unlock(&adapter->lock);
    adapter->host.submit(adapter->host.ctx, operation, (RialtoCompletion){ (uint64_t)(uintptr_t)submission, submitted });
    return true;
}

// Under the lock: it is nobody's any more.
static void take(Adapter *adapter, Pending *pending) {
    TAILQ_REMOVE(&adapter->pending, pending, link);
    adapter->pending_len--;
}

static void answer_grant(RialtoCompletion done, RialtoBytes word) {
    uint32_t seconds;
    RialtoResponse response = { .size = sizeof response, .status = RIALTO_SUCCESS };
    if (number_read(word, UINT32_MAX, &seconds)) response.duration_ms = duration_of(seconds);
    done.complete(done.ticket, &response);
}

void adapter_acknowledged(Adapter *adapter, const Line *line) {
    RialtoBytes id = line->words[0], word = line->words[1];
    Pending *found;
    pthread_mutex_lock(&adapter->lock);
    // A server answers in order, or nearly: the first is the likeliest.
    TAILQ_FOREACH(found, &adapter->pending, link) {
        if (found->id_len == id.len && !memcmp(found->id, id.ptr, id.len)) break;
    }
    if (found) take(adapter, found);
    pthread_mutex_unlock(&adapter->lock);
    if (!found) return; // cancelled, or too late
    bool is_subscription = found->kind == RIALTO_KIND_SUBSCRIBE;
    if (line->kind == LINE_NAK) answer(found->done, RIALTO_FAILURE, reason_for(found->kind, word), "");
    else if (line->kind == LINE_GRANT) answer_grant(found->done, word);
    else if (is_subscription || !word_is(word, "done")) answer(found->done, RIALTO_INDETERMINANT, RIALTO_REASON_NONE, "");
    else answer(found->done, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
    free(found);
}

// Nobody will know whether the server has it.
static void answer_doubt(RialtoCompletion done, const char *detail) {
    RialtoResponse response = { .size = sizeof response, .status = RIALTO_FAILURE, .reason = RIALTO_REASON_TIMED_OUT,
        .retry = RIALTO_RETRY_NEVER, .detail = word_of(detail) };
    done.complete(done.ticket, &response);
}

void adapter_expire(Adapter *adapter, int64_t now) {
    for (;;) {
        Pending *late;
        pthread_mutex_lock(&adapter->lock);
        TAILQ_FOREACH(late, &adapter->pending, link) {
            if (late->deadline <= now) break;
        }
        if (late) take(adapter, late);
        pthread_mutex_unlock(&adapter->lock);
        if (!late) return;
        answer_doubt(late->done, "pager: no answer in time; it may have arrived");
        free(late);
    }
}

void adapter_lose_all(Adapter *adapter) {
    for (;;) {
        pthread_mutex_lock(&adapter->lock);
        Pending *lost = TAILQ_FIRST(&adapter->pending);
        bool is_begun = lost && lost->begins < adapter->written, is_stopping = adapter->is_stopping;
        if (lost) take(adapter, lost);
        pthread_mutex_unlock(&adapter->lock);
        if (!lost) return;
        if (is_begun) answer_doubt(lost->done, "pager: the connection was lost before the answer; it may have arrived");
        else answer(lost->done, RIALTO_FAILURE, is_stopping ? RIALTO_REASON_SHUTTING_DOWN : RIALTO_REASON_UNREACHABLE, "");
        free(lost);
    }
}

void adapter_log(Adapter *adapter, uint32_t level, const char *message, const char *why) {
    if (!adapter->host.log || level > atomic_load(&adapter->level)) return;
    RialtoLogField field = { word_of("why"), word_of(why) };
    RialtoLogRecord record = { .size = sizeof record, .level = level, .target = word_of("pager"),
        .message = word_of(message), .fields = &field, .fields_len = *why ? 1 : 0 };
    adapter->host.log(adapter->host.ctx, &record);
}

void adapter_health(Adapter *adapter, uint32_t state, const char *why) {
    if (adapter->host.health) adapter->host.health(adapter->host.ctx, state, word_of(why));
}

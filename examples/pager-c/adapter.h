// One adapter: what the gateway's threads and the adapter's own share.
//
//   gateway's threads              the adapter's thread
//   deliver ──► pending, out ──►   writes out; reads ACK, GRANT and NAK, answers what is pending
//   submitted ──► out ──────────►  reads SEND, TELL, WATCH and STATUS, submits them
//
// The lock is never held while the gateway is called: it may call back at once.
#ifndef PAGER_ADAPTER_H
#define PAGER_ADAPTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "mapping.h"

enum {
    SUBMISSIONS_MAX = 256, // most lines of the server that the gateway has not answered; beyond, nothing is read
    // Kept free of deliveries: for a reply to each of those lines, to one more, and for a PING.
    OUT_RESERVE = (SUBMISSIONS_MAX + 2) * PAGER_REPLY_MAX,
    OUT_MAX = 256 * 1024,
};

// A line of ours whose ACK has not come.
typedef struct Pending {
    TAILQ_ENTRY(Pending) link;
    RialtoCompletion done;
    uint32_t kind; // of its operation
    char id[PAGER_ID_MAX];
    size_t id_len;
    uint64_t begins;  // where it begins in all that was written since the connection was made
    int64_t deadline; // by the monotonic clock, in milliseconds
} Pending;

typedef TAILQ_HEAD(PendingList, Pending) PendingList;

typedef struct {
    // From `start` on they do not change.
    Config config;
    RialtoHost host;
    int wake; // an eventfd: the thread is to look
    pthread_t thread;

    atomic_uint references; // the gateway's handle, the thread, each submission
    atomic_uint level;

    pthread_mutex_t lock; // of all below
    bool is_up;           // the server has welcomed us
    uint32_t connection;  // grows with each one: replies of an old one are dropped
    PendingList pending;  // in the order in which their lines were written
    int64_t pending_len;
    size_t submissions;
    char out[OUT_MAX]; // what is to be written, from `out_begin`
    size_t out_begin, out_end;
    uint64_t written; // bytes of this connection that the kernel has taken
    bool is_stopping, is_released;
    int64_t stop_by;
    RialtoCompletion stopped;
} Adapter;

int64_t now_ms(void);
void adapter_wake(Adapter *adapter);
void adapter_unref(Adapter *adapter);

// Under the lock. False: there is no room that leaves `reserve` bytes free.
bool adapter_queue(Adapter *adapter, const char *bytes, size_t len, size_t reserve);
size_t adapter_room(const Adapter *adapter);

// Outside the lock: hands an operation to the gateway, whose answer becomes an ACK, GRANT or NAK to the line `id`. False: there is no memory.
bool adapter_submit(Adapter *adapter, RialtoBytes id, const RialtoOperation *operation);

// Outside the lock: an ACK, GRANT or NAK has come.
void adapter_acknowledged(Adapter *adapter, const Line *line);

// Outside the lock: answers what nobody will answer any more, those beyond their deadline or all.
void adapter_expire(Adapter *adapter, int64_t now);
void adapter_lose_all(Adapter *adapter);

void adapter_log(Adapter *adapter, uint32_t level, const char *message, const char *why);
void adapter_health(Adapter *adapter, uint32_t state, const char *why);

// The thread: connects, reads and writes until the adapter has stopped.
void *link_run(void *adapter);

#endif

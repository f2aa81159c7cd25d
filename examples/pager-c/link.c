// The connection to the pager server, and the thread that has it.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapter.h"

enum {
    GREETING_MS = 10000,      // connecting and greeting
    RECONNECT_MAX_MS = 60000, // longest wait before connecting again
    TICK_MS = 100,            // how exact deadlines are
};

typedef struct {
    Adapter *adapter;
    enum { AWAY, CONNECTING, GREETING, UP } state;
    int socket;
    int64_t due;   // AWAY: when to connect; CONNECTING, GREETING: by when to be done
    int64_t wait;  // before the next attempt
    int64_t heard; // when the server said something, or could not because we did not listen
    int64_t moved; // when it took something, or there was nothing to take
    bool has_pinged;
    char in[PAGER_LINE_MAX];
    size_t in_len;
} Link;

// Gives the connection up; what waits for an answer gets one.
static void lose(Link *link, const char *why) {
    Adapter *adapter = link->adapter;
    if (link->socket >= 0) close(link->socket);
    link->socket = -1;
    link->state = AWAY;
    link->due = now_ms() + link->wait;
    link->wait = link->wait * 2 < RECONNECT_MAX_MS ? link->wait * 2 : RECONNECT_MAX_MS;
    pthread_mutex_lock(&adapter->lock);
    adapter->is_up = false;
    pthread_mutex_unlock(&adapter->lock);
    adapter_lose_all(adapter);
    adapter_log(adapter, RIALTO_LEVEL_WARN, "not connected to the pager server", why);
    adapter_health(adapter, RIALTO_HEALTH_DEGRADED, why);
}

static void greet(Link *link) {
    Adapter *adapter = link->adapter;
    Draft hello;
    draft_begin(&hello, LINE_HELLO);
    draft_number(&hello, 1);
    draft_word(&hello, word_of(adapter->config.system));
    draft_word(&hello, word_of(adapter->config.secret));
    draft_end(&hello);
    link->state = GREETING;
    pthread_mutex_lock(&adapter->lock);
    adapter->connection++;
    adapter->out_begin = adapter->out_end = 0;
    adapter->written = 0;
    adapter_queue(adapter, hello.bytes, hello.len, 0);
    pthread_mutex_unlock(&adapter->lock);
}

static void begin(Link *link) {
    const Config *config = &link->adapter->config;
    const struct sockaddr *endpoint = (const struct sockaddr *)&config->endpoint;
    link->due = now_ms() + GREETING_MS;
    link->heard = link->moved = now_ms();
    link->has_pinged = false;
    link->in_len = 0;
    link->socket = socket(endpoint->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->socket < 0) {
        lose(link, "no socket");
        return;
    }
    link->state = CONNECTING;
    if (!connect(link->socket, endpoint, config->endpoint_len)) greet(link);
    else if (errno != EINPROGRESS) lose(link, "the server cannot be reached");
}

static void finish_connecting(Link *link) {
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(link->socket, SOL_SOCKET, SO_ERROR, &error, &len) || error) lose(link, "the server cannot be reached");
    else greet(link);
}

static void flush(Link *link) {
    Adapter *adapter = link->adapter;
    pthread_mutex_lock(&adapter->lock);
    size_t len = adapter->out_end - adapter->out_begin;
    ssize_t sent = len ? send(link->socket, adapter->out + adapter->out_begin, len, MSG_NOSIGNAL) : 0;
    int error = errno;
    if (sent > 0) {
        adapter->out_begin += (size_t)sent;
        adapter->written += (uint64_t)sent;
    }
    pthread_mutex_unlock(&adapter->lock);
    if (sent > 0 || !len) link->moved = now_ms();
    if (sent < 0 && error != EAGAIN && error != EINTR) lose(link, "the connection broke");
}

// Replies for which room was kept, see `may_take`.
static void reply(Link *link, LineKind kind, RialtoBytes id, const char *word) {
    Adapter *adapter = link->adapter;
    Draft line;
    draft_begin(&line, kind);
    if (id.len) draft_word(&line, id);
    if (*word) draft_word(&line, word_of(word));
    draft_end(&line);
    pthread_mutex_lock(&adapter->lock);
    adapter_queue(adapter, line.bytes, line.len, 0);
    pthread_mutex_unlock(&adapter->lock);
}

static void take_operation(Link *link, const Line *line) {
    Adapter *adapter = link->adapter;
    Incoming in;
    pthread_mutex_lock(&adapter->lock);
    bool is_stopping = adapter->is_stopping;
    pthread_mutex_unlock(&adapter->lock);
    const char *refusal = is_stopping ? "stopping" : incoming(line, &adapter->config, &in);
    if (refusal) reply(link, LINE_NAK, line->words[0], refusal);
    else if (!adapter_submit(adapter, line->words[0], &in.operation)) reply(link, LINE_NAK, line->words[0], "busy");
}

static void welcome(Link *link) {
    Adapter *adapter = link->adapter;
    link->state = UP;
    link->wait = adapter->config.reconnect_ms;
    pthread_mutex_lock(&adapter->lock);
    adapter->is_up = true;
    pthread_mutex_unlock(&adapter->lock);
    adapter_log(adapter, RIALTO_LEVEL_INFO, "connected to the pager server", "");
    adapter_health(adapter, RIALTO_HEALTH_UP, "");
}

static void take_line(Link *link, const char *bytes, size_t len) {
    Line line = line_read(bytes, len);
    bool is_greeting = link->state == GREETING;
    if (line.kind == LINE_MALFORMED) {
        lose(link, "the server sent a malformed line");
        return;
    }
    if (line.kind == LINE_BYE) {
        lose(link, is_greeting ? "the server refused the login" : "the server said goodbye");
        return;
    }
    if (is_greeting != (line.kind == LINE_WELCOME)) {
        lose(link, "the server sent a line out of turn");
        return;
    }
    switch (line.kind) {
    case LINE_WELCOME:
        if (word_is(line.words[0], "1")) welcome(link);
        else lose(link, "the server speaks another version");
        break;
    case LINE_SEND:
    case LINE_TELL:
    case LINE_WATCH:
    case LINE_STATUS: take_operation(link, &line); break;
    case LINE_ACK:
    case LINE_GRANT:
    case LINE_NAK: adapter_acknowledged(link->adapter, &line); break;
    case LINE_PING: reply(link, LINE_PONG, (RialtoBytes){ 0, 0 }, ""); break;
    default: break; // PONG was heard; what is unknown is of a later version
    }
}

// Whether there is room for what one more line may lead to.
static bool may_take(Link *link) {
    Adapter *adapter = link->adapter;
    pthread_mutex_lock(&adapter->lock);
    bool may = adapter->submissions < SUBMISSIONS_MAX && adapter_room(adapter) > (adapter->submissions + 2) * PAGER_REPLY_MAX;
    pthread_mutex_unlock(&adapter->lock);
    return may;
}

// Takes whole lines for as long as they may be taken; the rest stays.
static void take_lines(Link *link) {
    size_t used = 0;
    while (link->socket >= 0 && may_take(link)) {
        char *line = link->in + used, *end = memchr(line, '\n', link->in_len - used);
        if (!end) break;
        used += (size_t)(end - line) + 1;
        take_line(link, line, (size_t)(end - line));
    }
    if (link->socket < 0) return;
    link->in_len -= used;
    memmove(link->in, link->in + used, link->in_len);
    if (link->in_len == sizeof link->in && !memchr(link->in, '\n', link->in_len)) lose(link, "the server sent too long a line");
}

static void receive(Link *link) {
    ssize_t got = recv(link->socket, link->in + link->in_len, sizeof link->in - link->in_len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        lose(link, "the server closed the connection");
        return;
    }
    link->in_len += (size_t)got;
    link->heard = now_ms();
    link->has_pinged = false;
}

// What is due, whatever the server says or does not say.
static void keep_time(Link *link, int64_t now) {
    int64_t ping = link->adapter->config.ping_ms;
    adapter_expire(link->adapter, now);
    if (link->state == AWAY && now >= link->due) begin(link);
    if ((link->state == CONNECTING || link->state == GREETING) && now >= link->due) lose(link, "the server does not answer");
    if (link->state != UP) return;
    if (!may_take(link)) link->heard = now;
    if (now - link->heard >= 2 * ping || now - link->moved >= 2 * ping) {
        lose(link, "the server does not answer");
        return;
    }
    if (now - link->heard < ping || link->has_pinged) return;
    link->has_pinged = true;
    reply(link, LINE_PING, (RialtoBytes){ 0, 0 }, "");
}

static int timeout(const Link *link, int64_t now) {
    pthread_mutex_lock(&link->adapter->lock);
    bool is_watching = link->adapter->pending_len || link->adapter->is_stopping;
    pthread_mutex_unlock(&link->adapter->lock);
    int64_t due = link->state == UP ? link->heard + link->adapter->config.ping_ms * (link->has_pinged ? 2 : 1) : link->due;
    int64_t wait = is_watching && due > now + TICK_MS ? TICK_MS : due - now;
    return wait < 0 ? 0 : (int)wait;
}

static void wait_and_work(Link *link) {
    Adapter *adapter = link->adapter;
    pthread_mutex_lock(&adapter->lock);
    bool has_output = adapter->out_end > adapter->out_begin;
    pthread_mutex_unlock(&adapter->lock);
    bool may_read = link->in_len < sizeof link->in;
    bool is_connecting = link->state == CONNECTING;
    struct pollfd on[2] = { { .fd = adapter->wake, .events = POLLIN }, { .fd = link->socket } };
    on[1].events = (short)((is_connecting || has_output ? POLLOUT : 0) | (!is_connecting && may_read ? POLLIN : 0));
    if (poll(on, link->socket < 0 ? 1 : 2, timeout(link, now_ms())) < 0) return;
    uint64_t count;
    if (on[0].revents && read(adapter->wake, &count, sizeof count) < 0) return;
    if (link->socket < 0) return;
    if (is_connecting && on[1].revents) {
        finish_connecting(link);
        return;
    }
    bool is_broken = on[1].revents & (POLLHUP | POLLERR);
    if (may_read && (is_broken || on[1].revents & POLLIN)) receive(link);
    else if (is_broken) lose(link, "the connection broke");
    if (link->socket >= 0) take_lines(link);
    if (link->socket >= 0 && !is_connecting) flush(link);
}

// Whether all is said, or the time for it over.
static bool is_over(Adapter *adapter, int64_t now) {
    pthread_mutex_lock(&adapter->lock);
    bool is_idle = !adapter->pending_len && !adapter->submissions && adapter->out_begin == adapter->out_end;
    bool is_over = adapter->is_released || (adapter->is_stopping && (is_idle || now >= adapter->stop_by));
    pthread_mutex_unlock(&adapter->lock);
    return is_over;
}

static void end(Link *link) {
    Adapter *adapter = link->adapter;
    static const char bye[] = "BYE stopping\n";
    if (link->state == UP && send(link->socket, bye, sizeof bye - 1, MSG_NOSIGNAL) < 0) errno = 0; // it need not know
    if (link->socket >= 0) close(link->socket);
    pthread_mutex_lock(&adapter->lock);
    adapter->is_up = false;
    adapter->is_stopping = true; // also where it was only released
    RialtoCompletion stopped = adapter->stopped;
    pthread_mutex_unlock(&adapter->lock);
    adapter_lose_all(adapter);
    if (stopped.complete) answer(stopped, RIALTO_SUCCESS, RIALTO_REASON_NONE, "");
    adapter_unref(adapter);
}

void *link_run(void *argument) {
    Adapter *adapter = argument;
    Link link = { .adapter = adapter, .socket = -1, .due = now_ms(), .wait = adapter->config.reconnect_ms };
    while (!is_over(adapter, now_ms())) {
        keep_time(&link, now_ms());
        wait_and_work(&link);
    }
    end(&link);
    return 0;
}

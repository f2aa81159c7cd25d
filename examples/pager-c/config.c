#define _DEFAULT_SOURCE
#include "config.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "line.h"

// A key: of a word, or of a number with its bounds.
typedef struct {
    const char *name;
    char *word;
    int64_t *number, least, most;
    bool is_required, is_given;
} Key;

enum { KEYS = 7 };

static const char *wrong_with(const Key *key, const JsonValue *value) {
    if (key->is_given) return "given twice";
    if (value->is_text && !key->word) return "a number is needed, without quotes";
    if (!value->is_text && key->word) return "a text is needed, in quotes";
    if (value->is_text && !word_is_sound(word_of(value->text))) return "empty, or with a space or a control character in it";
    if (!value->is_text && value->number < key->least) return "too small";
    if (!value->is_text && value->number > key->most) return "too large";
    return 0;
}

static bool take(void *keys, const char *name, const JsonValue *value, char problem[JSON_PROBLEM_MAX]) {
    for (Key *key = keys; key->name; key++) {
        if (strcmp(key->name, name)) continue;
        const char *wrong = wrong_with(key, value);
        if (wrong) {
            snprintf(problem, JSON_PROBLEM_MAX, "%s: %s", name, wrong);
            return false;
        }
        key->is_given = true;
        if (key->word) memcpy(key->word, value->text, sizeof value->text);
        else *key->number = value->number;
        return true;
    }
    snprintf(problem, JSON_PROBLEM_MAX, "%.60s: unknown key", name);
    return false;
}

// Numbers only: to look a name up would block.
static bool read_endpoint(char *text, Config *config) {
    char *colon = strrchr(text, ':');
    if (!colon) return false;
    *colon = 0;
    char *host = text;
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        host++;
    }
    struct addrinfo *found, hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    if (getaddrinfo(host, colon + 1, &hints, &found)) return false;
    memcpy(&config->endpoint, found->ai_addr, found->ai_addrlen);
    config->endpoint_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

#define WORD "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255"
#define NUMBER(least, most) "\"type\": \"integer\", \"minimum\": " #least ", \"maximum\": " #most

static const char SCHEMA[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"endpoint\", \"domain\", \"system\", \"secret\"], \"properties\": {"
    "\"endpoint\": {" WORD ", \"description\": \"The pager server: an IP address and a port.\"},"
    "\"domain\": {" WORD ", \"description\": \"The domain of the pager users.\"},"
    "\"system\": {" WORD ", \"description\": \"What the server knows the gateway as.\"},"
    "\"secret\": {" WORD ", \"writeOnly\": true, \"description\": \"How the server knows that it is the gateway.\"},"
    "\"max_pending\": {" NUMBER(1, 100000) ", \"default\": 1024, \"description\": \"The most lines of ours without an answer.\"},"
    "\"ping_ms\": {" NUMBER(100, 600000) ", \"default\": 30000, \"description\": \"The silence after which the server is asked whether it is there.\"},"
    "\"reconnect_ms\": {" NUMBER(10, 60000) ", \"default\": 500, \"description\": \"The first wait before connecting again; it doubles.\"}}}";

RialtoBytes config_schema(void) { return (RialtoBytes){ (const uint8_t *)SCHEMA, sizeof SCHEMA - 1 }; }

bool config_read(RialtoBytes json, Config *config, char problem[JSON_PROBLEM_MAX]) {
    char endpoint[JSON_TEXT_MAX + 1];
    *config = (Config){ .max_pending = 1024, .ping_ms = 30000, .reconnect_ms = 500 };
    Key keys[KEYS + 1] = {
        { .name = "endpoint", .word = endpoint, .is_required = true },
        { .name = "domain", .word = config->domain, .is_required = true },
        { .name = "system", .word = config->system, .is_required = true },
        { .name = "secret", .word = config->secret, .is_required = true },
        { .name = "max_pending", .number = &config->max_pending, .least = 1, .most = 100000 },
        { .name = "ping_ms", .number = &config->ping_ms, .least = 100, .most = 600000 },
        { .name = "reconnect_ms", .number = &config->reconnect_ms, .least = 10, .most = 60000 },
    };
    if (!json_read(json.ptr, json.len, take, keys, problem)) return false;
    for (Key *key = keys; key->name; key++) {
        if (!key->is_required || key->is_given) continue;
        snprintf(problem, JSON_PROBLEM_MAX, "%s: missing", key->name);
        return false;
    }
    if (read_endpoint(endpoint, config)) return true;
    snprintf(problem, JSON_PROBLEM_MAX, "endpoint: not an IP address and a port, like 127.0.0.1:7243 or [::1]:7243");
    return false;
}

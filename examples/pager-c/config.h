// The section `[adapters.NAME.config]`.
#ifndef PAGER_CONFIG_H
#define PAGER_CONFIG_H

#include <netinet/in.h>

#include "json.h"
#include "rialto.h"

typedef struct {
    struct sockaddr_storage endpoint; // the pager server
    socklen_t endpoint_len;
    char domain[JSON_TEXT_MAX + 1]; // of the pager users
    char system[JSON_TEXT_MAX + 1]; // what the server knows us as
    char secret[JSON_TEXT_MAX + 1];
    int64_t max_pending;  // most lines of ours without an answer
    int64_t ping_ms;      // silence after which the server is asked whether it is there
    int64_t reconnect_ms; // first wait before connecting again; it doubles
} Config;

// What may stand there, as a JSON Schema.
RialtoBytes config_schema(void);

// False: the problem begins with the key that is wrong, where one is.
bool config_read(RialtoBytes json, Config *config, char problem[JSON_PROBLEM_MAX]);

#endif

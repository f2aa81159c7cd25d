// Reads a configuration: a JSON object whose values are texts and whole numbers (RFC 8259).
#ifndef PAGER_JSON_H
#define PAGER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_TEXT_MAX = 255, // longest key or text, in bytes
    JSON_PROBLEM_MAX = 160,
};

typedef struct {
    bool is_text;                 // else a number
    char text[JSON_TEXT_MAX + 1]; // UTF-8, without NUL
    int64_t number;
} JsonValue;

// Takes one member; false, with a problem that begins with its key, ends the reading.
typedef bool JsonTake(void *context, const char *key, const JsonValue *value, char problem[JSON_PROBLEM_MAX]);

// Reads an object and hands on its members, in order. False: the problem says what is wrong and where.
bool json_read(const uint8_t *text, size_t len, JsonTake *take, void *context, char problem[JSON_PROBLEM_MAX]);

#endif

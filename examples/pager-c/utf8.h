// UTF-8 (RFC 3629).
#ifndef PAGER_UTF8_H
#define PAGER_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX = 4 }; // longest character, in bytes

// Writes a character; returns how many bytes that are.
size_t utf8_write(uint32_t code, uint8_t bytes[UTF8_MAX]);

bool utf8_is_valid(const uint8_t *text, size_t len);

#endif

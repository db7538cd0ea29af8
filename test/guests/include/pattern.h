/* The reference stream: the 32-bit little-endian numbers 0, 1, 2 and so on, one after the
 * other. A byte that is lost, repeated or out of place shows. */
#pragma once
#include "wasi.h"

enum { MAX_PATTERN_BYTES = 1 << 20 };

static uint32_t pattern[MAX_PATTERN_BYTES / 4 + 1];

/* The bytes of the stream from `offset`, at most MAX_PATTERN_BYTES; valid until the next call. */
static inline const uint8_t *pattern_at(uint64_t offset, uint32_t length) {
  uint32_t first = (uint32_t)(offset / 4), skipped = offset % 4;
  for (uint32_t i = 0; i < (skipped + length + 3) / 4; i++) pattern[i] = first + i;
  return (const uint8_t *)pattern + skipped;
}

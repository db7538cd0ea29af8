/* Claim: insecure random bytes come in every length asked for, and differ each time.
 * Rules: 7.6 */
#include "claim.h"

static void claim(void) {
  static const uint32_t lengths[] = {0, 1, 32, 65536};
  for (uint32_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    expect_count("length of the bytes", lengths[i], get_insecure_random_bytes(lengths[i]).length);
  uint8_t first[32];
  __builtin_memcpy(first, get_insecure_random_bytes(32).bytes, 32);
  expect(!same_bytes(first, get_insecure_random_bytes(32).bytes, 32), "two draws that differ");
  expect(get_insecure_random_u64() != get_insecure_random_u64(), "two numbers that differ");
  uint64_t seed[2];
  insecure_seed(seed);
}

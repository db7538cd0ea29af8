#include <stddef.h>
#include <sys/types.h>

// Standard output leaves a line at a time in a terminal, and in larger pieces elsewhere: before anything is read, at the latest.
#define write buffered_write
#define read read_after_output
ssize_t buffered_write(int descriptor, const void *bytes, size_t length);
ssize_t read_after_output(int descriptor, void *bytes, size_t length);

static inline void mp_hal_set_interrupt_char(int character) { (void)character; }

#include <errno.h>

// WASI interrupts no call.
#define MP_HAL_RETRY_SYSCALL(result, call, onError) \
  do { \
    result = call; \
    if (result == -1) { \
      int err = errno; \
      onError; \
    } \
  } while (0)

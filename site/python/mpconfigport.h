// What of MicroPython the guest has.
#include <alloca.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_ENABLE_COMPILER (1)
#define MICROPY_HELPER_REPL (1)
#define MICROPY_NLR_SETJMP (1)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)
#define MICROPY_ENABLE_SOURCE_LINE (1)
#define MICROPY_USE_INTERNAL_PRINTF (0)
#define MICROPY_USE_INTERNAL_ERRNO (1)
#define MICROPY_ALLOC_PATH_MAX (1024)
#define MICROPY_ERROR_PRINTER (&mp_stderr_print)
#define MICROPY_KBD_EXCEPTION (0)

#define MICROPY_STACK_CHECK (1)

// What is reachable cannot be told while Python runs: pointers may be in locals, which nobody can read. The heap grows instead.
#define MICROPY_ENABLE_GC (1)
#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)

#define MICROPY_VFS (1)
#define MICROPY_VFS_POSIX (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_READER_POSIX (1)
#define MICROPY_HELPER_LEXER_UNIX (1)
#define MICROPY_PY_SYS_PLATFORM "wasi"
#define MICROPY_PY_SYS_STDFILES (1)
#define MICROPY_PY_OS_STATVFS (0)
#define MICROPY_PY_SELECT (0)
#define MICROPY_PY_ASYNCIO (0)
#define MICROPY_PY_MACHINE (0)
#define MICROPY_PY_CRYPTOLIB (0)
#define MICROPY_PY_SSL (0)
#define MICROPY_EPOCH_IS_1970 (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "wasi-time.c"
#define MICROPY_HW_BOARD_NAME "WebAssembly"
#define MICROPY_HW_MCU_NAME "WASI"

#define mp_hal_readline read_line
struct _vstr_t;
int read_line(struct _vstr_t *line, const char *prompt);

unsigned long random_seed(void);
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (random_seed())

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long long mp_off_t;

#define MP_STATE_PORT MP_STATE_VM

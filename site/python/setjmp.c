// What the compiler makes of setjmp and longjmp calls these: see WebAssemblyLowerEmscriptenEHSjLj in LLVM.
#include <stdint.h>

struct jump {
  void *frame;
  uint32_t label;
  struct {
    void *env;
    int value;
  } thrown;
};

void __wasm_setjmp(void *env, uint32_t label, void *frame) {
  struct jump *jump = env;
  jump->frame = frame;
  jump->label = label;
}

uint32_t __wasm_setjmp_test(void *env, void *frame) {
  struct jump *jump = env;
  return jump->frame == frame ? jump->label : 0;
}

void __wasm_longjmp(void *env, int value) {
  struct jump *jump = env;
  jump->thrown.env = env;
  jump->thrown.value = value == 0 ? 1 : value;
  // 1 is the tag of longjmp in C.
  __builtin_wasm_throw(1, &jump->thrown);
}

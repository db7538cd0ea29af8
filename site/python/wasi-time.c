// Seconds since 1970, as CPython has them.
static mp_obj_t mp_time_time_get(void) { return mp_obj_new_float((mp_float_t)mp_hal_time_ns() / 1e9); }

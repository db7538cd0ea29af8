/* Claim: arguments and environment arrive whole and in order. Prints one a line.
 * Rules: 7.6 */
#include "claim.h"

static void write_string(output_stream out, byte_list string) {
  write_all(out, string.bytes, string.length);
}

static void claim(void) {
  output_stream out = get_stdout();
  string_list arguments = get_arguments();
  for (uint32_t i = 0; i < arguments.length; i++) {
    write_string(out, arguments.at[i]);
    write_text(out, "\n");
  }
  variable_list environment = get_environment();
  for (uint32_t i = 0; i < environment.length; i++) {
    write_string(out, environment.at[i].name);
    write_text(out, "=");
    write_string(out, environment.at[i].value);
    write_text(out, "\n");
  }
  finish(out);
}

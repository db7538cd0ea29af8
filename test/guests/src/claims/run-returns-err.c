/* Claim: a run that returns err gives exit code 1.
 * Rules: 7.9 */
#include "wasi.h"

WASI_RUN {
  return RUN_ERR;
}

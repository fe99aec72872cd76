/* What executes the network: one of the files runtime_*.c, chosen at build time, each with the same functions. */
#ifndef SL_RUNTIME_H
#define SL_RUNTIME_H

#include "spec.h"

/* A model file by its path, or in memory that outlives the runtime. */
typedef struct sl_source {
  const char *path; /* null where data is given */
  const void *data;
  size_t bytes;
} sl_source;

typedef struct sl_runtime sl_runtime;

/* Which of the spec's formats it executes, null for none. */
extern const char *const SL_RUNTIME_NAME, *const SL_RUNTIME_FORMAT;

/* Open `source`, the spec's `file`, whose input has `size` pixels a side and whose first output `count` numbers. */
safelight_status sl_runtime_open(const sl_source *source, const sl_model_file *file, int32_t size, int32_t count, sl_runtime **runtime,
                                 char *message, size_t message_bytes);
void sl_runtime_close(sl_runtime *runtime); /* null is fine */

/* RGB uint8 [S,S,3] → probabilities float32 [C]. */
safelight_status sl_runtime_run(sl_runtime *runtime, const uint8_t *pixels, float *probabilities, char *message, size_t message_bytes);

#endif

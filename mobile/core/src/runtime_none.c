/* No runtime: for apps that bring their own (Core ML, a JVM binding) and want the spec, the resize and the answer alone. */
#include "runtime.h"

const char *const SL_RUNTIME_NAME = "none", *const SL_RUNTIME_FORMAT = NULL;

safelight_status sl_runtime_open(const sl_source *source, const sl_model_file *file, int32_t size, int32_t count, sl_runtime **runtime,
                                 char *message, size_t message_bytes) {
  (void)source, (void)file, (void)size, (void)count, (void)runtime;
  sl_tell(message, message_bytes, "this library was built without a runtime: build it with -DSAFELIGHT_RUNTIME=litert");
  return SAFELIGHT_BAD_ARGUMENT;
}

void sl_runtime_close(sl_runtime *runtime) { (void)runtime; }

safelight_status sl_runtime_run(sl_runtime *runtime, const uint8_t *pixels, float *probabilities, char *message, size_t message_bytes) {
  (void)runtime, (void)pixels, (void)probabilities, (void)message, (void)message_bytes;
  return SAFELIGHT_BAD_ARGUMENT;
}

/* libFuzzer: any bytes as spec.json. What is accepted must answer every question. */
#include <string.h>

#include "safelight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static size_t length(const char *text) { return text == NULL ? 0 : strlen(text); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  safelight_exif_orientation(data, bytes);
  safelight_spec *spec;
  char message[64]; /* short, so that messages are cut */
  if (safelight_spec_parse((const char *)data, bytes, &spec, message, sizeof message) != SAFELIGHT_OK) {
    if (strlen(message) == 0 || spec != NULL) __builtin_trap();
    return 0;
  }
  size_t sum = length(safelight_spec_name(spec));
  const int32_t labels = safelight_spec_label_count(spec), bands = safelight_spec_band_count(spec);
  for (int32_t i = -1; i <= labels; i++) {
    sum += length(safelight_spec_label_id(spec, i)) + length(safelight_spec_label_name(spec, i, "zh-Hant"));
    for (int32_t band = -1; band <= bands; band++) {
      const safelight_answer answer = {.label = i, .band = band};
      char text[16];
      sum += safelight_say(spec, &answer, "en", text, sizeof text) + strlen(text) + length(safelight_spec_band_id(spec, band));
    }
    if (i > 20) break; /* labels × bands may be many */
  }
  for (int32_t i = -1; i <= safelight_spec_golden_count(spec); i++)
    sum += length(safelight_spec_golden_name(spec, i)) + length(safelight_spec_golden_photo(spec, i)) +
           length(safelight_spec_golden_pixels_sha256(spec, i));
  const int32_t file = safelight_spec_file(spec, "tflite", "fp32");
  sum += length(safelight_spec_file_path(spec, file)) + length(safelight_spec_file_sha256(spec, file));
  safelight_resizer *resizer;
  if (safelight_resizer_create(spec, 1, &resizer, NULL, 0) == SAFELIGHT_OK) safelight_resizer_free(resizer);
  safelight_spec_free(spec);
  return sum == SIZE_MAX; /* so that nothing is optimised away */
}

/* Resizes and turns, thousands of them: each case carries its own input spec and pixels. */
#include <stdlib.h>
#include <string.h>

#include "resize.h"
#include "test.h"

enum { FIELDS = 14 }; /* int32 each, in the order of `describe` */

typedef struct test_case {
  sl_input input;
  safelight_photo photo;
  int32_t max_side;
  bool upright;
  uint8_t *pixels;
} test_case;

/* The photo's bytes in memory of their own, not one byte more than its last row has, so that the sanitizer sees a read behind it. */
static test_case describe(bytes record) {
  int32_t f[FIELDS];
  memcpy(f, record.data, sizeof f);
  test_case made = {.input = {.geometry = f[0], .filter = f[1], .size = f[2], .resize_to = f[3], .pad_color = {f[4], f[5], f[6]}},
                    .photo = {.format = f[7], .exif_orientation = f[8], .width = f[9], .height = f[10], .stride = (size_t)f[11]},
                    .max_side = f[12],
                    .upright = f[13] != 0};
  const size_t pixel = f[7] == SAFELIGHT_RGB ? 3 : 4;
  const size_t count = (size_t)(f[10] - 1) * made.photo.stride + (size_t)f[9] * pixel;
  if (record.count != sizeof f + count) fail("a case", "has another number of bytes");
  made.pixels = malloc(count);
  memcpy(made.pixels, record.data + sizeof f, count);
  made.photo.pixels = made.pixels;
  return made;
}

int run_cases(const char *path, const char *out_path) {
  const bytes file = read_file(path);
  bytes batch = file;
  FILE *out = fopen(out_path, "wb");
  if (out == NULL) fail("can't write", out_path);
  size_t during = 0, before = allocations(), count = 0;
  for (bytes record; (record = next_record(&batch)).data != NULL; count++) {
    test_case one = describe(record);
    const size_t total = one.upright ? (size_t)one.photo.width * (size_t)one.photo.height * 3 : (size_t)(one.input.size * one.input.size) * 3;
    uint8_t *result = malloc(total);
    if (one.upright) {
      if (safelight_upright(&one.photo, result) != SAFELIGHT_OK) fail("safelight_upright", "refused a case");
    } else {
      char message[SAFELIGHT_MESSAGE_BYTES];
      safelight_resizer *resizer = NULL;
      if (sl_resizer_create(&one.input, one.max_side, &resizer, message, sizeof message) != SAFELIGHT_OK) fail("create", message);
      const size_t start = allocations();
      if (safelight_resize(resizer, &one.photo, result) != SAFELIGHT_OK) fail("resize", safelight_resizer_message(resizer));
      during += allocations() - start;
      safelight_resizer_free(resizer);
    }
    fwrite(result, 1, total, out);
    free(result);
    free(one.pixels);
  }
  fclose(out);
  free(file.data);
  printf("{\"cases\": %zu, \"allocations\": %zu, \"allocations_while_resizing\": %zu}\n", count, allocations() - before, during);
  return 0;
}

/* libFuzzer: any picture of any sides, format, stride and orientation, resized in any way. The first bytes are the case, the
 * rest its pixels, repeated. No photo within max_side may be refused: the resizer's memory must suffice. */
#include <stdlib.h>
#include <string.h>

#include "resize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { HEAD = 16, MOST_PIXELS = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  if (bytes < HEAD) return 0;
  const int32_t size = 1 + data[0] % 64;
  sl_input input = {.size = size, .resize_to = size, .geometry = data[1] % 3, .filter = data[2] % 3, .pad_color = {data[3], 128, 250}};
  if (input.geometry == SAFELIGHT_CROP) input.resize_to += data[4] % 32;
  const int32_t width = 1 + (data[5] | data[6] << 8) % 5000;
  const int32_t height = 1 + (data[7] | data[8] << 8) % (MOST_PIXELS / width > 0 ? MOST_PIXELS / width : 1);
  safelight_photo photo = {.width = width, .height = height, .format = data[9] % 5, .exif_orientation = data[10] % 10};
  const size_t pixel = photo.format == SAFELIGHT_RGB ? 3 : 4;
  photo.stride = (size_t)width * pixel + data[11] % 16;
  const size_t count = photo.stride * (size_t)(height - 1) + (size_t)width * pixel;
  uint8_t *pixels = malloc(count), *result = malloc((size_t)(size * size) * 3), *rgb = malloc((size_t)width * (size_t)height * 3);
  for (size_t i = 0; i < count; i++) pixels[i] = bytes > HEAD ? data[HEAD + i % (bytes - HEAD)] : 0;
  photo.pixels = pixels;

  const int32_t shorter = width < height ? width : height, longer = width < height ? height : width;
  const int32_t counts = input.geometry == SAFELIGHT_CROP && longer / 16 >= shorter ? 16 * shorter : longer;
  safelight_resizer *resizer = NULL;
  const int32_t max_side = data[12] % 4 == 0 ? 1 + data[13] : counts;
  if (sl_resizer_create(&input, max_side, &resizer, NULL, 0) != SAFELIGHT_OK) __builtin_trap();
  const safelight_status status = safelight_resize(resizer, &photo, result), turned = safelight_upright(&photo, rgb);
  const bool known = photo.format <= SAFELIGHT_RGBA_PREMULTIPLIED;
  const safelight_status expected = !known ? SAFELIGHT_BAD_ARGUMENT : counts > max_side ? SAFELIGHT_PHOTO_TOO_LARGE : SAFELIGHT_OK;
  if (status != expected || turned != (known ? SAFELIGHT_OK : SAFELIGHT_BAD_ARGUMENT)) __builtin_trap();
  if (status != SAFELIGHT_OK && strlen(safelight_resizer_message(resizer)) == 0) __builtin_trap();
  safelight_resizer_free(resizer);
  free(rgb);
  free(result);
  free(pixels);
  return 0;
}

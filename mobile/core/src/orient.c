/* Upright and opaque: the eight EXIF orientations, alpha over white. Stage 1's last two steps, docs/bundle.md section 3. */
#include <stdbool.h>
#include <string.h>

#include "view.h"

static const int32_t BYTES_OF[] = {3, 4, 4, 4}; /* a pixel, by safelight_format */

safelight_status sl_view_of(const safelight_photo *photo, sl_view *view, char *message, size_t message_bytes) {
  const char *problem = NULL;
  if (photo == NULL || photo->pixels == NULL)
    problem = "has no pixels";
  else if (photo->width < 1 || photo->height < 1)
    problem = "has no width or no height";
  else if (photo->format < SAFELIGHT_RGB || photo->format > SAFELIGHT_RGBA_PREMULTIPLIED)
    problem = "has an unknown format";
  else if (photo->stride / (size_t)BYTES_OF[photo->format] < (size_t)photo->width)
    problem = "has a stride shorter than a row";
  if (problem != NULL) {
    sl_tell(message, message_bytes, "the photo %s: fill in every field of safelight_photo as safelight.h says", problem);
    return SAFELIGHT_BAD_ARGUMENT;
  }
  const int32_t width = photo->width, height = photo->height, turn = photo->exif_orientation;
  const ptrdiff_t pixel = BYTES_OF[photo->format], row = (ptrdiff_t)photo->stride;
  const uint8_t *right = photo->pixels + (width - 1) * pixel, *bottom = photo->pixels + (height - 1) * row;
  const uint8_t *corner = bottom + (width - 1) * pixel;
  const bool turned = turn >= 5 && turn <= 8;
  *view = (sl_view){.origin = photo->pixels,
                    .step_x = turned ? row : pixel,
                    .step_y = turned ? pixel : row,
                    .width = turned ? height : width,
                    .height = turned ? width : height,
                    .format = photo->format};
  switch (turn) { /* where the upright picture's first pixel lies */
    case 2: view->origin = right, view->step_x = -pixel; break;
    case 3: view->origin = corner, view->step_x = -pixel, view->step_y = -row; break;
    case 4: view->origin = bottom, view->step_y = -row; break;
    case 6: view->origin = bottom, view->step_x = -row; break;
    case 7: view->origin = corner, view->step_x = -row, view->step_y = -pixel; break;
    case 8: view->origin = right, view->step_y = -pixel; break;
    default: break; /* 1 and 5 begin where the stored picture does */
  }
  return SAFELIGHT_OK;
}

static void copy_pixel(uint8_t *to, const uint8_t *from, bool three) {
  if (three)
    to[0] = from[0], to[1] = from[1], to[2] = from[2];
  else
    memcpy(to, from, 4);
}

/* One row of which the pixels lie step_x apart. */
static void gather(const sl_view *view, const uint8_t *from, int32_t across, uint8_t *to) {
  const bool three = view->format == SAFELIGHT_RGB;
  int32_t x = 0;
  if (view->step_x == 3) /* four bytes at once are quicker; behind the last pixel there may be none */
    for (; x + 4 < across; x += 4)
      for (int k = 0; k < 4; k++) memcpy(to + 4 * (size_t)(x + k), from + 3 * (size_t)(x + k), 4);
  for (; x < across; x++) copy_pixel(to + 4 * (size_t)x, from + x * view->step_x, three);
}

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

enum { AHEAD = 16 }; /* columns; each is a line of the cache and a page of its own, which no processor guesses by itself */

/* Rows that are columns of the stored picture: four columns at a time, so that their pixels go out side by side. */
static void gather_turned(const sl_view *view, const uint8_t *from, int32_t across, int32_t lines, uint8_t *to, size_t line_bytes) {
  const ptrdiff_t step_x = view->step_x, step_y = view->step_y;
  const bool three = view->format == SAFELIGHT_RGB;
  int32_t x = 0;
  if (!three)
    for (; x + 4 <= across; x += 4) {
      const uint8_t *column[4];
      for (int k = 0; k < 4; k++) {
        column[k] = from + (x + k) * step_x;
        if (x + k + AHEAD < across) PREFETCH(column[k] + AHEAD * step_x + lines / 2 * step_y);
      }
      uint8_t *out = to + 4 * (size_t)x;
      for (int32_t i = 0; i < lines; i++, out += line_bytes) {
        uint32_t four[4];
        for (int k = 0; k < 4; k++) memcpy(&four[k], column[k] + i * step_y, 4);
        memcpy(out, four, sizeof four);
      }
    }
  for (; x < across; x++)
    for (int32_t i = 0; i < lines; i++) copy_pixel(to + (size_t)i * line_bytes + 4 * (size_t)x, from + x * step_x + i * step_y, three);
}

static bool opaque(const uint8_t *row, int32_t across) {
  uint32_t all = UINT32_MAX, word;
  for (int32_t x = 0; x < across; x++) {
    memcpy(&word, row + 4 * (size_t)x, 4);
    all &= word;
  }
  uint8_t bytes[4];
  memcpy(bytes, &all, 4);
  return bytes[3] == 255;
}

void sl_load(const sl_view *view, int32_t left, int32_t top, int32_t across, int32_t lines, uint8_t *scratch, size_t line_bytes,
             const uint8_t **rows) {
  const uint8_t *from = view->origin + left * view->step_x + top * view->step_y;
  const bool turned = view->step_y >= -4 && view->step_y <= 4 && lines > 1;
  /* Four bytes apart and three bytes long are the pixels of a turned column whose rows end in a byte of padding. */
  const bool direct = view->step_x == 4 && view->format != SAFELIGHT_RGB && !turned;
  if (turned) gather_turned(view, from, across, lines, scratch, line_bytes);
  for (int32_t i = 0; i < lines; i++) {
    uint8_t *line = scratch + (size_t)i * line_bytes;
    rows[i] = line;
    if (direct)
      rows[i] = from + i * view->step_y;
    else if (!turned)
      gather(view, from + i * view->step_y, across, line);
    if (view->format < SAFELIGHT_RGBA || opaque(rows[i], across)) continue;
    sl_flatten(rows[i], line, across, view->format == SAFELIGHT_RGBA);
    rows[i] = line;
  }
}

/* A photo as the resize reads it: upright, RGBX, some rows at a time. */
#ifndef SL_VIEW_H
#define SL_VIEW_H

#include <stdbool.h>

#include "message.h"
#include "safelight.h"

/* Upright pixel (x, y) lies at origin + x·step_x + y·step_y. */
typedef struct sl_view {
  const uint8_t *origin;
  ptrdiff_t step_x, step_y; /* bytes, negative where the photo is mirrored or upside down */
  int32_t width, height;    /* upright */
  int32_t format;           /* a safelight_format */
} sl_view;

/* SAFELIGHT_BAD_ARGUMENT with a message where the photo contradicts itself. */
safelight_status sl_view_of(const safelight_photo *photo, sl_view *view, char *message, size_t message_bytes);

/* The `lines` rows from `top` on, of each the `across` pixels from `left` on, 4 bytes a pixel of which the last means nothing:
 * rows[i] points into the photo where it lies there like that, else to line i of `scratch`, whose lines are line_bytes long. */
void sl_load(const sl_view *view, int32_t left, int32_t top, int32_t across, int32_t lines, uint8_t *scratch, size_t line_bytes,
             const uint8_t **rows);

/* RGBA over white → RGBX; `straight` where the colours are not premultiplied. `to` may be `from`. */
void sl_flatten(const uint8_t *from, uint8_t *to, int32_t across, bool straight);

#endif

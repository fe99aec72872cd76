/* The whole photo upright, for apps that show or store it. */
#include <string.h>

#include "view.h"

safelight_status safelight_upright(const safelight_photo *photo, uint8_t *rgb) {
  sl_view view;
  const safelight_status status = sl_view_of(photo, &view, NULL, 0);
  if (status != SAFELIGHT_OK || rgb == NULL) return SAFELIGHT_BAD_ARGUMENT;
  enum { PIECE = 64 };
  uint8_t scratch[4 * PIECE];
  const uint8_t *row;
  for (int32_t y = 0; y < view.height; y++)
    for (int32_t x = 0; x < view.width; x += PIECE) {
      const int32_t across = view.width - x < PIECE ? view.width - x : PIECE;
      sl_load(&view, x, y, across, 1, scratch, sizeof scratch, &row);
      for (int32_t i = 0; i < across; i++, rgb += 3) memcpy(rgb, row + 4 * i, 3);
    }
  return SAFELIGHT_OK;
}

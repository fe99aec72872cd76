/* Alpha over white, the port of safelight/flatten.py. */
#include "view.h"

/* Over white. Straight: round((c·a + 255·(255 − a)) / 255), no tie occurs. Premultiplied: c·a is already there, rounded. */
void sl_flatten(const uint8_t *from, uint8_t *to, int32_t across, bool straight) {
  for (const uint8_t *end = from + 4 * (size_t)across; from < end; from += 4, to += 4) {
    const unsigned alpha = from[3], white = 255 - alpha;
    for (int c = 0; c < 3; c++) {
      const unsigned value = from[c];
      if (straight)
        to[c] = (uint8_t)((2 * (value * alpha + 255 * white) + 255) / 510);
      else
        to[c] = (uint8_t)(value + white > 255 ? 255 : value + white);
    }
  }
}

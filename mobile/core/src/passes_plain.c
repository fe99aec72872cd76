/* The passes in plain C: for processors without vectors, and the port to read when writing another. */
#include "passes.h"

#if !defined(SL_SSE2) && !defined(SL_NEON)

void sl_arrange(sl_taps *taps) { (void)taps; }

/* Arithmetic shift: C11 leaves it to the compiler for negative numbers, and every compiler does it. */
static uint8_t clip(int32_t sum) {
  const int32_t value = sum >> SL_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void sl_horizontal(const uint8_t *const source[SL_LINES], uint8_t *const target[SL_LINES], const sl_taps *columns) {
  for (int line = 0; line < SL_LINES; line++)
    for (int32_t x = 0; x < columns->places; x++) {
      const int32_t *weights = columns->weights + (size_t)x * (size_t)columns->most;
      const uint8_t *from = source[line] + 4 * (size_t)columns->starts[x];
      int32_t red = SL_HALF, green = SL_HALF, blue = SL_HALF;
      for (int32_t i = 0; i < columns->counts[x]; i++, from += 4) {
        red += weights[i] * from[0];
        green += weights[i] * from[1];
        blue += weights[i] * from[2];
      }
      uint8_t *to = target[line] + 4 * (size_t)x;
      to[0] = clip(red), to[1] = clip(green), to[2] = clip(blue), to[3] = 0;
    }
}

void sl_vertical(const sl_ring *ring, const sl_taps *rows, int32_t place, uint8_t *target) {
  const int32_t *weights = rows->weights + (size_t)place * (size_t)rows->most;
  const int32_t first = rows->starts[place] % ring->capacity;
  for (size_t x = 0; x < ring->row_bytes; x += 16) {
    int32_t sums[16];
    for (int i = 0; i < 16; i++) sums[i] = SL_HALF;
    for (int32_t j = 0, slot = first; j < rows->counts[place]; j++, slot = slot + 1 == ring->capacity ? 0 : slot + 1) {
      const uint8_t *from = ring->rows + (size_t)slot * ring->row_bytes + x;
      for (int i = 0; i < 16; i++) sums[i] += weights[j] * from[i];
    }
    for (int i = 0; i < 16; i++) target[x + (size_t)i] = clip(sums[i]);
  }
}

#else
typedef int sl_not_needed;
#endif

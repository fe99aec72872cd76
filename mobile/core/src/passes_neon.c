/* The passes on NEON, which every 64-bit Arm has and nearly every 32-bit one in a phone. */
#include "passes.h"

#ifdef SL_NEON

#include <arm_neon.h>
#include <string.h>

void sl_arrange(sl_taps *taps) { (void)taps; }

/* Four sums → four values 0…255 in 16 bits. */
static inline uint16x4_t clip(int32x4_t sum) { return vqmovun_s32(vshrq_n_s32(sum, SL_BITS)); }

static inline int32x4_t lower(uint16x8_t values) { return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(values))); }
static inline int32x4_t upper(uint16x8_t values) { return vreinterpretq_s32_u32(vmovl_u16(vget_high_u16(values))); }

static inline uint16x8_t one_pixel(const uint8_t *at) {
  uint32_t pixel;
  memcpy(&pixel, at, 4);
  return vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(pixel)));
}

void sl_horizontal(const uint8_t *const source[SL_LINES], uint8_t *const target[SL_LINES], const sl_taps *columns) {
  for (int32_t x = 0; x < columns->places; x++) {
    const int32_t *weights = columns->weights + (size_t)x * (size_t)columns->most;
    const int32_t count = columns->counts[x];
    const uint8_t *from[SL_LINES];
    int32x4_t sums[SL_LINES];
    for (int line = 0; line < SL_LINES; line++) {
      from[line] = source[line] + 4 * (size_t)columns->starts[x];
      sums[line] = vdupq_n_s32(SL_HALF);
    }
    int32_t i = 0;
    for (; i + 1 < count; i += 2)
      for (int line = 0; line < SL_LINES; line++) {
        const uint16x8_t two = vmovl_u8(vld1_u8(from[line] + 4 * (size_t)i));
        sums[line] = vmlaq_n_s32(sums[line], lower(two), weights[i]);
        sums[line] = vmlaq_n_s32(sums[line], upper(two), weights[i + 1]);
      }
    for (int line = 0; line < SL_LINES; line++) {
      if (i < count) sums[line] = vmlaq_n_s32(sums[line], lower(one_pixel(from[line] + 4 * (size_t)i)), weights[i]);
      const uint16x4_t values = clip(sums[line]);
      const uint32_t pixel = vget_lane_u32(vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(values, values))), 0);
      memcpy(target[line] + 4 * (size_t)x, &pixel, 4);
    }
  }
}

void sl_vertical(const sl_ring *ring, const sl_taps *rows, int32_t place, uint8_t *target) {
  const int32_t *weights = rows->weights + (size_t)place * (size_t)rows->most;
  const int32_t first = rows->starts[place] % ring->capacity;
  for (size_t x = 0; x < ring->row_bytes; x += 16) {
    int32x4_t a = vdupq_n_s32(SL_HALF), b = a, c = a, d = a;
    for (int32_t j = 0, slot = first; j < rows->counts[place]; j++, slot = slot + 1 == ring->capacity ? 0 : slot + 1) {
      const uint8x16_t from = vld1q_u8(ring->rows + (size_t)slot * ring->row_bytes + x);
      const uint16x8_t left = vmovl_u8(vget_low_u8(from)), right = vmovl_u8(vget_high_u8(from));
      a = vmlaq_n_s32(a, lower(left), weights[j]);
      b = vmlaq_n_s32(b, upper(left), weights[j]);
      c = vmlaq_n_s32(c, lower(right), weights[j]);
      d = vmlaq_n_s32(d, upper(right), weights[j]);
    }
    const uint8x8_t left = vqmovn_u16(vcombine_u16(clip(a), clip(b))), right = vqmovn_u16(vcombine_u16(clip(c), clip(d)));
    vst1q_u8(target + x, vcombine_u8(left, right));
  }
}

#else
typedef int sl_not_needed;
#endif

/* The passes on SSE2, which every x86-64 has.
 *
 * SSE2 multiplies 16-bit numbers only, two at a time (pmaddwd), so each weight is cut in two: weight = high·2^15 + low, with
 * low in 0…32767. The sums are put together at the end; all of it is exact modulo 2^32, and the true sum fits into 32 bits.
 */
#include "passes.h"

#ifdef SL_SSE2

#include <emmintrin.h>
#include <string.h>

enum { LOW_BITS = 15 };

/* Of each two neighbours: first the low halves of both in one 32-bit word, then the high halves. */
void sl_arrange(sl_taps *taps) {
  for (int32_t place = 0; place < taps->places; place++) {
    int32_t *weights = taps->weights + (size_t)place * (size_t)taps->most;
    for (int32_t i = 0; i < taps->counts[place]; i += 2) {
      const uint32_t mask = (1u << LOW_BITS) - 1;
      const uint32_t one = (uint32_t)weights[i], two = (uint32_t)weights[i + 1];
      const uint32_t high_one = (uint32_t)(weights[i] >> LOW_BITS), high_two = (uint32_t)(weights[i + 1] >> LOW_BITS);
      weights[i] = (int32_t)((one & mask) | (two & mask) << 16);
      weights[i + 1] = (int32_t)((high_one & 0xFFFF) | high_two << 16);
    }
  }
}

static inline __m128i put_together(__m128i low, __m128i high) {
  const __m128i sum = _mm_add_epi32(_mm_slli_epi32(high, LOW_BITS), low);
  return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(SL_HALF)), SL_BITS);
}

/* Two pixels r₀g₀b₀x₀ r₁g₁b₁x₁ → r₀r₁ g₀g₁ b₀b₁ x₀x₁ in 16 bits each. */
static inline __m128i side_by_side(__m128i two) {
  return _mm_unpacklo_epi8(_mm_unpacklo_epi8(two, _mm_srli_si128(two, 4)), _mm_setzero_si128());
}

static inline __m128i one_pixel(const uint8_t *at) {
  int32_t pixel;
  memcpy(&pixel, at, 4);
  return _mm_cvtsi32_si128(pixel);
}

#define TAKE(line, pixels)                                                         \
  do {                                                                             \
    const __m128i pair = side_by_side(pixels);                                     \
    low##line = _mm_add_epi32(low##line, _mm_madd_epi16(pair, low_weights));       \
    high##line = _mm_add_epi32(high##line, _mm_madd_epi16(pair, high_weights));    \
  } while (0)

void sl_horizontal(const uint8_t *const source[SL_LINES], uint8_t *const target[SL_LINES], const sl_taps *columns) {
  for (int32_t x = 0; x < columns->places; x++) {
    const int32_t *weights = columns->weights + (size_t)x * (size_t)columns->most;
    const size_t start = 4 * (size_t)columns->starts[x];
    const uint8_t *from0 = source[0] + start, *from1 = source[1] + start, *from2 = source[2] + start, *from3 = source[3] + start;
    const int32_t count = columns->counts[x];
    __m128i low0 = _mm_setzero_si128(), low1 = low0, low2 = low0, low3 = low0;
    __m128i high0 = low0, high1 = low0, high2 = low0, high3 = low0;
    int32_t i = 0;
    for (; i + 1 < count; i += 2) {
      const __m128i low_weights = _mm_set1_epi32(weights[i]), high_weights = _mm_set1_epi32(weights[i + 1]);
      const size_t at = 4 * (size_t)i;
      TAKE(0, _mm_loadl_epi64((const __m128i *)(const void *)(from0 + at)));
      TAKE(1, _mm_loadl_epi64((const __m128i *)(const void *)(from1 + at)));
      TAKE(2, _mm_loadl_epi64((const __m128i *)(const void *)(from2 + at)));
      TAKE(3, _mm_loadl_epi64((const __m128i *)(const void *)(from3 + at)));
    }
    if (i < count) {
      const __m128i low_weights = _mm_set1_epi32(weights[i]), high_weights = _mm_set1_epi32(weights[i + 1]);
      const size_t at = 4 * (size_t)i;
      TAKE(0, one_pixel(from0 + at));
      TAKE(1, one_pixel(from1 + at));
      TAKE(2, one_pixel(from2 + at));
      TAKE(3, one_pixel(from3 + at));
    }
    const __m128i upper = _mm_packs_epi32(put_together(low0, high0), put_together(low1, high1));
    const __m128i lower = _mm_packs_epi32(put_together(low2, high2), put_together(low3, high3));
    uint32_t pixels[SL_LINES];
    _mm_storeu_si128((__m128i *)(void *)pixels, _mm_packus_epi16(upper, lower));
    for (int line = 0; line < SL_LINES; line++) memcpy(target[line] + 4 * (size_t)x, &pixels[line], 4);
  }
}

#undef TAKE

void sl_vertical(const sl_ring *ring, const sl_taps *rows, int32_t place, uint8_t *target) {
  const int32_t *weights = rows->weights + (size_t)place * (size_t)rows->most;
  const int32_t first = rows->starts[place] % ring->capacity, count = rows->counts[place];
  const __m128i zero = _mm_setzero_si128();
  for (size_t x = 0; x < ring->row_bytes; x += 16) {
    __m128i low[4] = {zero, zero, zero, zero}, high[4] = {zero, zero, zero, zero};
    for (int32_t i = 0, slot = first; i < count; i += 2) {
      const int32_t next = slot + 1 == ring->capacity ? 0 : slot + 1;
      const __m128i one = _mm_load_si128((const __m128i *)(const void *)(ring->rows + (size_t)slot * ring->row_bytes + x));
      const int32_t other = i + 1 < count ? next : slot; /* its weight is 0 then */
      const __m128i two = _mm_load_si128((const __m128i *)(const void *)(ring->rows + (size_t)other * ring->row_bytes + x));
      const __m128i low_weights = _mm_set1_epi32(weights[i]), high_weights = _mm_set1_epi32(weights[i + 1]);
      const __m128i half[2] = {_mm_unpacklo_epi8(one, two), _mm_unpackhi_epi8(one, two)};
      for (int k = 0; k < 4; k++) {
        const __m128i pair = k % 2 == 0 ? _mm_unpacklo_epi8(half[k / 2], zero) : _mm_unpackhi_epi8(half[k / 2], zero);
        low[k] = _mm_add_epi32(low[k], _mm_madd_epi16(pair, low_weights));
        high[k] = _mm_add_epi32(high[k], _mm_madd_epi16(pair, high_weights));
      }
      slot = next + 1 == ring->capacity ? 0 : next + 1;
    }
    const __m128i left = _mm_packs_epi32(put_together(low[0], high[0]), put_together(low[1], high[1]));
    const __m128i right = _mm_packs_epi32(put_together(low[2], high[2]), put_together(low[3], high[3]));
    _mm_storeu_si128((__m128i *)(void *)(target + x), _mm_packus_epi16(left, right));
  }
}

#else
typedef int sl_not_needed;
#endif

/* The filters, in doubles and in Pillow's order of operations (src/libImaging/Resample.c). Built with -ffp-contract=off:
 * a fused multiply-add would round differently. */
#include "taps.h"

#include <math.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

const int SL_REACH[3] = {1, 2, 3};

static double triangle(double x) {
  const double distance = fabs(x);
  return distance < 1 ? 1 - distance : 0;
}

/* Keys' cubic with a = −0.5. */
static double cubic(double x) {
  const double a = -0.5, d = fabs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

static double sinc(double x) {
  const double pi = 3.14159265358979323846;
  return x == 0 ? 1 : sin(x * pi) / (x * pi);
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static double (*const WEIGHT[3])(double) = {triangle, cubic, lanczos};

static double spread_of(const sl_axis *axis) {
  const double ratio = (double)axis->from / axis->to;
  return ratio > 1 ? ratio : 1; /* the filter grows when shrinking: that is the antialiasing */
}

int32_t sl_most(const sl_axis *axis, int32_t filter) { return 2 * (int32_t)ceil(SL_REACH[filter] * spread_of(axis)) + 2; }

void sl_fill(sl_taps *taps, const sl_axis *axis, int32_t filter, int32_t *start, int32_t *length) {
  const double ratio = (double)axis->from / axis->to, spread = spread_of(axis), reach = SL_REACH[filter] * spread;
  int32_t last = 0;
  for (int32_t place = 0; place < axis->keep; place++) {
    const double middle = (axis->first + place + 0.5) * ratio;
    const double low = middle - reach + 0.5, high = middle + reach + 0.5;
    const int32_t from = low < 0 ? 0 : (int32_t)low, to = high < axis->from ? (int32_t)high : axis->from;
    const int32_t count = to - from;
    int32_t *weights = taps->weights + (size_t)place * (size_t)taps->most;
    double total = 0;
    for (int32_t i = 0; i < count; i++) total += WEIGHT[filter]((from + i - middle + 0.5) * (1 / spread));
    for (int32_t i = 0; i < count; i++) {
      const double weight = WEIGHT[filter]((from + i - middle + 0.5) * (1 / spread));
      const double fixed = (total == 0 ? weight : weight / total) * (1 << SL_BITS);
      weights[i] = (int32_t)(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    if (count < taps->most) weights[count] = 0;
    if (place == 0) *start = from;
    taps->starts[place] = from - *start;
    taps->counts[place] = count;
    last = to;
  }
  *length = last - *start;
}

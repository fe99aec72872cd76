/* Which source places an output place sums, and how heavily: docs/bundle.md section 4. */
#ifndef SL_TAPS_H
#define SL_TAPS_H

#include "passes.h"

/* The `keep` places from `first` on, of an axis that goes from `from` to `to` pixels. */
typedef struct sl_axis {
  int32_t from, to, first, keep;
} sl_axis;

/* In source pixels when enlarging, by safelight_filter. */
extern const int SL_REACH[3];

/* The even number of weights that a place of the axis has room for. */
int32_t sl_most(const sl_axis *axis, int32_t filter);

/* Fill in taps whose arrays have room for axis->keep places. They count from source place *start and reach over *length. */
void sl_fill(sl_taps *taps, const sl_axis *axis, int32_t filter, int32_t *start, int32_t *length);

#endif

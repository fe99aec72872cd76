/* The resize's two passes. The same functions on SSE2, on NEON and in plain C, and the same bits from each. */
#ifndef SL_PASSES_H
#define SL_PASSES_H

#include <stddef.h>
#include <stdint.h>

#define SL_BITS 22 /* of the fixed point: 32 − 8 of a pixel − 2 of headroom, as in Pillow */
#define SL_HALF (1 << (SL_BITS - 1))

enum { SL_LINES = 4 }; /* rows that the horizontal pass takes at once */

/* For each output place: its first source place, how many it sums, and their weights in fixed point. */
typedef struct sl_taps {
  int32_t *starts, *counts; /* [places] */
  int32_t *weights;         /* [places, most]; behind an odd count stands a 0 */
  int32_t places, most;     /* most is even */
} sl_taps;

/* Rows between the passes, RGBX: row r lies at slot r mod capacity. */
typedef struct sl_ring {
  uint8_t *rows;
  size_t row_bytes; /* a multiple of 16 */
  int32_t capacity;
} sl_ring;

/* Bring the weights into the order that the passes want; once, after they are filled in. */
void sl_arrange(sl_taps *taps);

/* Rows of RGBX → rows of [places] RGBX. The pointers may repeat. Nothing is read behind the last pixel that the taps name. */
void sl_horizontal(const uint8_t *const source[SL_LINES], uint8_t *const target[SL_LINES], const sl_taps *columns);

/* Output row `place` from the rows of the ring: row_bytes bytes. */
void sl_vertical(const sl_ring *ring, const sl_taps *rows, int32_t place, uint8_t *target);

#if !defined(SAFELIGHT_PLAIN) && (defined(__SSE2__) || defined(_M_X64))
#define SL_SSE2 1
#elif !defined(SAFELIGHT_PLAIN) && (defined(__ARM_NEON) || defined(__ARM_NEON__))
#define SL_NEON 1
#endif

#endif

/* Stage 2: photo → RGB uint8 [S,S,3], the bytes of safelight/resize.py, whose arithmetic is Pillow's.
 *
 * Horizontally first, then vertically. Only what the crop keeps is computed, and a row's horizontal result waits in a ring
 * of rows just as long as a vertical window reaches: the memory depends on the sides, not on the pixels, of a photo.
 */
#include "resize.h"

#include <stdlib.h>
#include <string.h>

#include "taps.h"
#include "view.h"

enum {
  MAX_ASPECT = 16,    /* beyond long:short = 16:1 the ends are cut off first */
  BLOCK = 32,         /* rows that are loaded at once: of a turned photo 128 neighbouring bytes, two lines of the cache */
  MAX_SIDE = 1 << 28, /* so that places and weights can be counted in 32 bits */
};

struct safelight_resizer {
  sl_input input;
  int32_t max_side;
  size_t bytes; /* of scratch */
  char message[SAFELIGHT_MESSAGE_BYTES];
  uint8_t scratch[];
};

/* How a photo's sides become S × S. */
typedef struct sl_plan {
  int32_t aside, above; /* where the frame lies in the photo */
  sl_axis columns, rows;
  int32_t left, top; /* where the result lies in S × S */
} sl_plan;

/* Half of `slack`, rounded half to even: 117 → 58, 119 → 60. */
static int32_t centre(int32_t slack) { return slack / 2 + (slack % 2) * (slack / 2 % 2); }

static int32_t smaller(int32_t a, int64_t b) { return a < b ? a : (int32_t)b; }

static sl_axis whole_axis(int32_t from, int64_t to) { return (sl_axis){from, (int32_t)to, 0, (int32_t)to}; }

static sl_plan plan_for(const sl_input *input, int32_t width, int32_t height) {
  const int32_t size = (int32_t)input->size;
  sl_plan made = {.columns = whole_axis(width, size), .rows = whole_axis(height, size)}; /* stretch */
  if (input->geometry == SAFELIGHT_CROP) {
    const int32_t shorter = smaller(width, height);
    const int32_t across = smaller(width, (int64_t)MAX_ASPECT * shorter), down = smaller(height, (int64_t)MAX_ASPECT * shorter);
    made.aside = centre(width - across), made.above = centre(height - down);
    const int32_t wide = (int32_t)(input->resize_to * across / shorter), high = (int32_t)(input->resize_to * down / shorter);
    made.columns = (sl_axis){across, wide, centre(wide - size), size};
    made.rows = (sl_axis){down, high, centre(high - size), size};
  }
  if (input->geometry == SAFELIGHT_PAD) {
    const int32_t longer = width > height ? width : height;
    const int64_t wide = input->size * width / longer, high = input->size * height / longer;
    made.columns = whole_axis(width, wide < 1 ? 1 : wide);
    made.rows = whole_axis(height, high < 1 ? 1 : high);
    made.left = centre(size - made.columns.to), made.top = centre(size - made.rows.to);
  }
  return made;
}

static size_t sixteens(size_t bytes) { return (bytes + 15) / 16 * 16; }

/* Scratch memory, in pieces. */
typedef struct pieces {
  uint8_t *next;
  size_t left;
} pieces;

static void *piece(pieces *from, size_t bytes) {
  bytes = sixteens(bytes);
  if (from->left < bytes) return NULL;
  void *memory = from->next;
  from->next += bytes, from->left -= bytes;
  return memory;
}

/* What the pieces of any photo with sides up to max_side add up to, at most: two axes of taps, ring, block, one row.
 * A place has 2·⌈reach·spread⌉ + 2 weights, spread = max(from / to, 1) and places ≤ to, so an axis has at most
 * 2·reach·max(from, to) + 4·places of them. The ring has as many rows as a place has weights; for pad, where `to` is rounded
 * down and may be half of what it was, twice that. */
static uint64_t needed(const sl_input *input, int32_t max_side) {
  const uint64_t size = (uint64_t)input->size, reach = (uint64_t)SL_REACH[input->filter];
  const uint64_t side = (uint64_t)max_side > size ? (uint64_t)max_side : size;
  const uint64_t taps = 2 * 4 * (2 * size + 2 * reach * side + 4 * size);
  const uint64_t most = 2 * (reach * side + 1) + 2 + BLOCK;
  const uint64_t ring = 4 * (4 * reach * side + (4 + BLOCK) * size) + 12 * most;
  const uint64_t block = BLOCK * (4 * (uint64_t)max_side + 15);
  return taps + ring + block + 4 * size + 16 * 16;
}

safelight_status sl_resizer_create(const sl_input *input, int32_t max_side, safelight_resizer **resizer, char *message,
                                   size_t message_bytes) {
  if (max_side == 0) max_side = SAFELIGHT_DEFAULT_MAX_SIDE;
  if (max_side < 1 || max_side > MAX_SIDE) {
    sl_tell(message, message_bytes, "max_side is %d: it must be from 1 to %d pixels, or 0 for %d", max_side, MAX_SIDE, SAFELIGHT_DEFAULT_MAX_SIDE);
    return SAFELIGHT_BAD_ARGUMENT;
  }
  const uint64_t bytes = needed(input, max_side);
  safelight_resizer *made = bytes < SIZE_MAX / 2 ? malloc(sizeof *made + (size_t)bytes) : NULL;
  if (made == NULL) {
    sl_tell(message, message_bytes, "no memory for photos of %d pixels a side: %llu bytes; name a smaller max_side", max_side, (unsigned long long)bytes);
    return SAFELIGHT_NO_MEMORY;
  }
  *made = (safelight_resizer){.input = *input, .max_side = max_side, .bytes = (size_t)bytes};
  *resizer = made;
  return SAFELIGHT_OK;
}

safelight_status safelight_resizer_create(const safelight_spec *spec, int32_t max_side, safelight_resizer **resizer, char *message,
                                          size_t message_bytes) {
  if (resizer != NULL) *resizer = NULL;
  if (spec == NULL || resizer == NULL) {
    sl_tell(message, message_bytes, "safelight_resizer_create was called without %s", spec == NULL ? "a spec" : "a place for the resizer");
    return SAFELIGHT_BAD_ARGUMENT;
  }
  return sl_resizer_create(&spec->contract.input, max_side, resizer, message, message_bytes);
}

void safelight_resizer_free(safelight_resizer *resizer) { free(resizer); }

const char *safelight_resizer_message(const safelight_resizer *resizer) { return resizer->message; }

/* Taps of an axis with their memory; false where that is out, which `needed` rules out. */
static bool take_taps(pieces *memory, sl_taps *taps, const sl_axis *axis, int32_t filter, int32_t *start, int32_t *length) {
  taps->places = axis->keep, taps->most = sl_most(axis, filter);
  taps->starts = piece(memory, sizeof(int32_t) * (size_t)taps->places);
  taps->counts = piece(memory, sizeof(int32_t) * (size_t)taps->places);
  taps->weights = piece(memory, sizeof(int32_t) * (size_t)taps->places * (size_t)taps->most);
  if (taps->starts == NULL || taps->counts == NULL || taps->weights == NULL) return false;
  sl_fill(taps, axis, filter, start, length);
  sl_arrange(taps);
  return true;
}

/* The part of a photo that is resized, and how far its horizontal pass has come. */
typedef struct source {
  const sl_view *view;
  int32_t left, top, across, down; /* pixels of the view */
  int32_t done;                    /* rows of `down` */
  uint8_t *block;
  size_t line_bytes;
} source;

/* Horizontal results up to row `end` and perhaps some more into the ring. */
static void advance(source *from, const sl_taps *columns, const sl_ring *ring, int32_t end) {
  while (from->done < end) {
    const int32_t lines = smaller(BLOCK, from->down - from->done);
    const uint8_t *loaded[BLOCK];
    sl_load(from->view, from->left, from->top + from->done, from->across, lines, from->block, from->line_bytes, loaded);
    for (int32_t line = 0; line < lines; line += SL_LINES) {
      const uint8_t *rows[SL_LINES];
      uint8_t *targets[SL_LINES];
      for (int32_t i = 0; i < SL_LINES; i++) { /* where fewer are left, the last one again */
        const int32_t row = smaller(line + i, lines - 1);
        rows[i] = loaded[row];
        targets[i] = ring->rows + (size_t)((from->done + row) % ring->capacity) * ring->row_bytes;
      }
      sl_horizontal(rows, targets, columns);
    }
    from->done += lines;
  }
}

static void fill_with(uint8_t *pixels, size_t count, const int64_t *color) {
  for (size_t i = 0; i < count; i++)
    for (int c = 0; c < 3; c++) *pixels++ = (uint8_t)color[c];
}

safelight_status safelight_resize(safelight_resizer *resizer, const safelight_photo *photo, uint8_t *pixels) {
  if (resizer == NULL) return SAFELIGHT_BAD_ARGUMENT;
  char *message = resizer->message;
  sl_view view;
  const safelight_status status = sl_view_of(photo, &view, message, sizeof resizer->message);
  if (status != SAFELIGHT_OK) return status;
  if (pixels == NULL) {
    sl_tell(message, sizeof resizer->message, "safelight_resize was called without a place for the pixels");
    return SAFELIGHT_BAD_ARGUMENT;
  }
  const sl_input *input = &resizer->input;
  const sl_plan plan = plan_for(input, view.width, view.height);
  const size_t skipped = -(uintptr_t)resizer->scratch % 16; /* up to the next address that 16 divides */
  pieces memory = {resizer->scratch + skipped, resizer->bytes - skipped};

  sl_taps columns, rows;
  source from = {.view = &view};
  bool taken = plan.columns.from <= resizer->max_side && plan.rows.from <= resizer->max_side &&
               take_taps(&memory, &columns, &plan.columns, input->filter, &from.left, &from.across) &&
               take_taps(&memory, &rows, &plan.rows, input->filter, &from.top, &from.down);
  sl_ring ring = {.row_bytes = sixteens(4 * (size_t)plan.columns.keep)};
  uint8_t *line = NULL;
  if (taken) {
    from.left += plan.aside, from.top += plan.above;
    from.line_bytes = sixteens(4 * (size_t)from.across);
    from.block = piece(&memory, BLOCK * from.line_bytes);
    ring.capacity = smaller(from.down, rows.most) + BLOCK;
    ring.rows = piece(&memory, (size_t)ring.capacity * ring.row_bytes);
    line = piece(&memory, ring.row_bytes);
  }
  if (!taken || from.block == NULL || ring.rows == NULL || line == NULL) {
    sl_tell(message, sizeof resizer->message,
            "the photo has %d × %d pixels and this was created for %d a side: create it with a larger max_side, or hand in a smaller picture",
            (int)view.width, (int)view.height, (int)resizer->max_side);
    return SAFELIGHT_PHOTO_TOO_LARGE;
  }

  const size_t size = (size_t)input->size;
  if (input->geometry == SAFELIGHT_PAD) fill_with(pixels, size * size, input->pad_color);
  for (int32_t y = 0; y < plan.rows.keep; y++) {
    advance(&from, &columns, &ring, rows.starts[y] + rows.counts[y]);
    sl_vertical(&ring, &rows, y, line);
    uint8_t *to = pixels + ((size_t)(plan.top + y) * size + (size_t)plan.left) * 3;
    for (int32_t x = 0; x < plan.columns.keep; x++, to += 3) memcpy(to, line + 4 * (size_t)x, 3);
  }
  return SAFELIGHT_OK;
}

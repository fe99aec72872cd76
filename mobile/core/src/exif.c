/* EXIF orientation, read from the raw record as every port reads it: the port of safelight/exif.py. */
#include <stdbool.h>
#include <string.h>

#include "safelight.h"

enum { ORIENTATION = 0x0112, ENTRY_BYTES = 12 };

static uint32_t number(const uint8_t *at, int bytes, bool little) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | at[little ? bytes - 1 - i : i];
  return value;
}

int32_t safelight_exif_orientation(const uint8_t *record, size_t bytes) {
  static const int BYTES_OF[] = {0, 1, 0, 2, 4}; /* TIFF types byte, short, long */
  if (record == NULL) return 1;
  if (bytes >= 6 && memcmp(record, "Exif\0\0", 6) == 0) record += 6, bytes -= 6;
  if (bytes < 8 || (memcmp(record, "II", 2) != 0 && memcmp(record, "MM", 2) != 0)) return 1;
  const bool little = record[0] == 'I';
  const uint64_t first = number(record + 4, 4, little);
  if (first + 2 > bytes) return 1;
  const uint64_t end = first + 2 + ENTRY_BYTES * (uint64_t)number(record + first, 2, little);
  for (uint64_t entry = first + 2; entry < end && entry + ENTRY_BYTES <= bytes; entry += ENTRY_BYTES) {
    const uint8_t *at = record + entry;
    const uint32_t type = number(at + 2, 2, little);
    const int size = type < sizeof BYTES_OF / sizeof *BYTES_OF ? BYTES_OF[type] : 0;
    if (number(at, 2, little) != ORIENTATION || size == 0) continue;
    const uint32_t value = number(at + 8, size, little);
    return value >= 1 && value <= 8 ? (int32_t)value : 1;
  }
  return 1;
}

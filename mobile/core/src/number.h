/* Decimal → IEEE double, correctly rounded; strtod obeys the locale, and a German one would not read 0.5. */
#ifndef SL_NUMBER_H
#define SL_NUMBER_H

#include <stddef.h>

/* The value of a JSON number (already checked against the grammar); infinity where it is out of range. */
double sl_number(const char *text, size_t bytes);

#endif

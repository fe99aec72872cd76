#include "number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* 0.d₁d₂d₃… × 10^point. A double's exact expansion has at most 767 digits; beyond DIGITS one sticky digit stands for the rest. */
enum { DIGITS = 1200, FAR = 100000000 };

typedef struct decimal {
  int count, point;
  uint8_t digits[DIGITS];
} decimal;

static void trim(decimal *value) {
  while (value->count > 0 && value->digits[value->count - 1] == 0) value->count--;
  if (value->count == 0) value->point = 0;
}

static void append(decimal *value, unsigned digit) {
  if (value->count < DIGITS)
    value->digits[value->count++] = (uint8_t)digit;
  else if (digit != 0)
    value->digits[DIGITS - 1] |= 1; /* sticky: it breaks ties and changes nothing else */
}

/* × 2^bits, bits ≤ 56. */
static void multiply(decimal *value, int bits) {
  uint8_t longer[DIGITS + 20];
  uint64_t carry = 0;
  int at = DIGITS + 20;
  for (int i = value->count - 1; i >= 0; i--) {
    carry += (uint64_t)value->digits[i] << bits;
    longer[--at] = (uint8_t)(carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10, value->point++) longer[--at] = (uint8_t)(carry % 10);
  value->count = 0;
  for (; at < DIGITS + 20 && value->count < DIGITS; at++) value->digits[value->count++] = longer[at];
  for (; at < DIGITS + 20; at++) append(value, longer[at]);
  trim(value);
}

/* ÷ 2^bits, bits ≤ 56. */
static void divide(decimal *value, int bits) {
  decimal shorter = {.count = 0, .point = value->point};
  const uint64_t mask = ((uint64_t)1 << bits) - 1;
  uint64_t rest = 0;
  for (int i = 0; i < value->count || rest > 0; i++) {
    rest = rest * 10 + (i < value->count ? value->digits[i] : 0);
    unsigned digit = (unsigned)(rest >> bits);
    rest &= mask;
    if (shorter.count == 0 && digit == 0)
      shorter.point--; /* a leading zero */
    else
      append(&shorter, digit);
    if (shorter.count == DIGITS && i >= value->count) {
      append(&shorter, rest > 0);
      break;
    }
  }
  trim(&shorter);
  *value = shorter;
}

/* The nearest whole number, ties to even; value < 10^18. */
static uint64_t rounded(const decimal *value) {
  uint64_t whole = 0;
  for (int i = 0; i < value->point; i++) whole = whole * 10 + (i < value->count ? value->digits[i] : 0);
  if (value->point < 0 || value->point >= value->count) return whole;
  const unsigned next = value->digits[value->point];
  const bool half = next == 5 && value->point + 1 == value->count;
  return whole + (half ? whole & 1 : next >= 5);
}

static double exactly(decimal *value) {
  if (value->count == 0) return 0;
  if (value->point > 310) return INFINITY;
  if (value->point < -330) return 0;
  int exponent = 0; /* the wanted number is value × 2^exponent, with value in [2^52, 2^53) */
  while (value->point > 17) divide(value, 4), exponent += 4;
  while (value->point < 15 && exponent > -1074) {
    int bits = (15 - value->point) * 3;
    if (bits > 56) bits = 56;
    if (bits > exponent + 1074) bits = exponent + 1074;
    multiply(value, bits);
    exponent -= bits;
  }
  const uint64_t low = (uint64_t)1 << 52, high = (uint64_t)1 << 53;
  for (;;) { /* 15 … 17 digits before the point: a few single steps are left */
    decimal floor = *value;
    if (floor.count > floor.point) floor.count = floor.point > 0 ? floor.point : 0;
    const uint64_t whole = rounded(&floor);
    if (whole >= high)
      divide(value, 1), exponent++;
    else if (whole < low && exponent > -1074)
      multiply(value, 1), exponent--;
    else
      break;
  }
  return ldexp((double)rounded(value), exponent);
}

double sl_number(const char *text, size_t bytes) {
  decimal value = {.count = 0, .point = 0};
  const char *at = text, *end = text + bytes;
  const bool negative = *at == '-';
  bool fraction = false;
  int after = 0; /* digits after the point, and leading zeros there */
  uint64_t small = 0;
  for (at += negative; at < end && *at != 'e' && *at != 'E'; at++) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    const unsigned digit = (unsigned)(*at - '0');
    if (value.count > 0 || digit > 0) {
      append(&value, digit);
      if (value.count <= 15) small = small * 10 + digit;
      if (!fraction && value.point < FAR) value.point++;
    } else if (fraction && value.point > -FAR) {
      value.point--;
    }
    after += fraction && after < FAR;
  }
  int power = 0;
  if (at < end) {
    const bool down = at[1] == '-';
    for (at += 1 + (at[1] == '-' || at[1] == '+'); at < end; at++)
      if (power < FAR) power = power * 10 + (*at - '0');
    if (down) power = -power;
  }
  static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double result;
  const int scale = power - after;
  if (value.count <= 15 && scale >= -22 && scale <= 22) { /* both exact: one rounding, so correct (Clinger 1990) */
    result = scale < 0 ? (double)small / TENS[-scale] : (double)small * TENS[scale];
  } else {
    value.point += power;
    trim(&value);
    result = exactly(&value);
  }
  return negative ? -result : result;
}

/* The lexer: characters → tokens of JSON. */
#include "json.h"

#include <string.h>

bool sl_malformed(sl_json *json, const char *what) {
  if (json->status != SAFELIGHT_OK) return false;
  json->status = SAFELIGHT_BAD_SPEC;
  sl_tell(json->message, json->message_bytes, "%s is not JSON: %s, %zu bytes before its end. Export the bundle again.", json->where, what,
          (size_t)(json->end - json->at));
  return false;
}

bool sl_out_of_memory(sl_json *json) {
  json->status = SAFELIGHT_NO_MEMORY;
  sl_tell(json->message, json->message_bytes, "no memory for %s", json->where);
  return false;
}

int sl_peek(sl_json *json) {
  while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r')) json->at++;
  return json->at < json->end ? (unsigned char)*json->at : -1;
}

bool sl_accept(sl_json *json, char wanted) {
  if (sl_peek(json) != (unsigned char)wanted) return false;
  json->at++;
  return true;
}

bool sl_literal(sl_json *json, const char *word) {
  const size_t length = strlen(word);
  if (sl_peek(json) != word[0] || (size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
    return sl_malformed(json, "an unknown word");
  json->at += length;
  return true;
}

static bool is_digit(const sl_json *json) { return json->at < json->end && *json->at >= '0' && *json->at <= '9'; }

static bool some_digits(sl_json *json) {
  if (!is_digit(json)) return sl_malformed(json, "a number lacks digits");
  while (is_digit(json)) json->at++;
  return true;
}

bool sl_digits(sl_json *json, sl_text *digits, bool *fraction) {
  sl_peek(json);
  const char *start = json->at;
  *fraction = false;
  if (json->at < json->end && *json->at == '-') json->at++;
  const bool zero = json->at < json->end && *json->at == '0';
  const char *first = json->at;
  if (!some_digits(json)) return false;
  if (zero && json->at - first > 1) return sl_malformed(json, "a number begins with 0");
  if (json->at < json->end && *json->at == '.') {
    *fraction = true;
    json->at++;
    if (!some_digits(json)) return false;
  }
  if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
    *fraction = true;
    json->at++;
    if (json->at < json->end && (*json->at == '+' || *json->at == '-')) json->at++;
    if (!some_digits(json)) return false;
  }
  *digits = (sl_text){start, (size_t)(json->at - start)};
  return true;
}

/* Bytes of the UTF-8 character at `at`, 0 where it is none (RFC 3629: no surrogates, none too long, none above U+10FFFF). */
static size_t character(const unsigned char *at, const unsigned char *end) {
  const unsigned lead = at[0];
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || (size_t)(end - at) < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && at[1] < 0xA0) return 0;
  if (lead == 0xED && at[1] > 0x9F) return 0;
  if (lead == 0xF0 && at[1] < 0x90) return 0;
  if (lead == 0xF4 && at[1] > 0x8F) return 0;
  return length;
}

/* Four hexadecimal digits, -1 where there aren't. */
static int32_t hex4(sl_json *json) {
  if (json->end - json->at < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; i++, json->at++) {
    const char digit = *json->at;
    if (digit >= '0' && digit <= '9')
      value = value * 16 + (digit - '0');
    else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
      value = value * 16 + ((digit | 32) - 'a' + 10);
    else
      return -1;
  }
  return value;
}

static size_t encode(uint32_t point, char *to) {
  if (point < 0x80) {
    to[0] = (char)point;
    return 1;
  }
  const size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const unsigned char LEADS[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = length; i-- > 1; point >>= 6) to[i] = (char)(0x80 | (point & 0x3F));
  to[0] = (char)(LEADS[length] | point);
  return length;
}

/* The character after a backslash. Returns the bytes written, 0 for an error; never more than were read. */
static size_t escape(sl_json *json, char *to) {
  if (json->at == json->end) return 0;
  static const char NAMES[] = "\"\\/bfnrt", MEANS[] = "\"\\/\b\f\n\r\t";
  const char name = *json->at++;
  const char *found = memchr(NAMES, name, sizeof NAMES - 1);
  if (found != NULL) {
    *to = MEANS[found - NAMES];
    return 1;
  }
  if (name != 'u') return 0;
  const int32_t first = hex4(json);
  if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) return 0;
  if (first < 0xD800 || first > 0xDBFF) return encode((uint32_t)first, to);
  if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u') return 0;
  json->at += 2;
  const int32_t second = hex4(json);
  if (second < 0xDC00 || second > 0xDFFF) return 0;
  return encode(0x10000 + ((uint32_t)(first - 0xD800) << 10) + (uint32_t)(second - 0xDC00), to);
}

bool sl_string(sl_json *json, sl_text *text) {
  if (!sl_accept(json, '"')) return sl_malformed(json, "a text is expected");
  const char *close = json->at;
  while (close < json->end && *close != '"') close += *close == '\\' && json->end - close > 1 ? 2 : 1;
  if (close >= json->end) return sl_malformed(json, "a text doesn't end");
  char *to = sl_take(json->arena, (size_t)(close - json->at) + 1);
  if (to == NULL) return sl_out_of_memory(json);
  *text = (sl_text){to, 0};
  while (*json->at != '"') {
    size_t length;
    if (*json->at == '\\') {
      json->at++;
      length = escape(json, to);
      if (length == 0) return sl_malformed(json, "a text has a wrong escape");
    } else {
      length = character((const unsigned char *)json->at, (const unsigned char *)json->end);
      if (length == 0) return sl_malformed(json, "a text is not UTF-8");
      if ((unsigned char)*json->at < 0x20) return sl_malformed(json, "a text has a control character");
      memcpy(to, json->at, length);
      json->at += length;
    }
    to += length;
  }
  json->at++;
  *to = '\0';
  text->bytes = (size_t)(to - text->data);
  return true;
}

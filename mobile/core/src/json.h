/* A strict JSON cursor (RFC 8259, no byte order mark, valid UTF-8), and readers that turn it into C structs by tables.
 *
 * They accept what msgspec accepts in Python: no conversions, no unknown fields, defaults for absent ones, the last of
 * repeated keys. `spec.c` is written in these tables.
 */
#ifndef SL_JSON_H
#define SL_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "message.h"
#include "safelight.h"

typedef struct sl_text {
  const char *data; /* UTF-8 and a zero byte; U+0000 is a zero byte inside */
  size_t bytes;     /* without the last zero byte */
} sl_text;

typedef struct sl_list {
  void *items;
  int32_t count;
} sl_list;

/* A dictionary is an sl_list of these; the value follows the key. Of equal keys the last one counts. */
typedef struct sl_entry {
  sl_text key;
  union {
    sl_text text;
    int64_t whole;
    double number;
  } value;
} sl_entry;

typedef struct sl_json {
  const char *at, *end;
  const char *where; /* the document's name, for messages */
  sl_arena *arena;
  safelight_status status;
  char *message;
  size_t message_bytes;
  char place[200]; /* "$.input.size" */
  size_t place_bytes;
} sl_json;

/* What a value of the document becomes. */
typedef enum sl_kind {
  SL_TEXT,     /* sl_text of at least `least` bytes that `matches`, if given */
  SL_CHOICE,   /* int32_t, the index in `choices` */
  SL_WHOLE,    /* int64_t in low…high; beyond 64 bits the nearest */
  SL_NUMBER,   /* double in low…high */
  SL_OBJECT,   /* a struct by `fields` */
  SL_LIST,     /* sl_list of at least `least` items */
  SL_TUPLE,    /* `least` items, in place */
  SL_DICT,     /* sl_list of sl_entry */
  SL_NULLABLE, /* a pointer to an item, null for null */
} sl_kind;

typedef struct sl_type {
  sl_kind kind;
  size_t bytes; /* of the C value */
  int32_t least;
  double low, high;          /* of SL_WHOLE and SL_NUMBER */
  bool (*matches)(sl_text);  /* of SL_TEXT */
  const char *pattern;       /* what `matches` asks for, in words */
  const char *const *choices;
  const struct sl_type *item;
  const struct sl_field *fields;
  int32_t field_count;
  bool (*check)(sl_json *, const void *); /* after SL_OBJECT is read; false with sl_refuse called */
} sl_type;

typedef struct sl_field {
  const char *name;
  const sl_type *type;
  size_t offset;    /* in the struct */
  bool optional;    /* absent: zero bytes, or `otherwise` for numbers */
  double otherwise;
} sl_field;

/* Read one value of `type` into `value`, which is zero. False with status and message set. */
bool sl_read(sl_json *json, const sl_type *type, void *value);

/* Read a whole document. */
bool sl_read_document(sl_json *json, const sl_type *type, void *value);

/* The document breaks the contract at the present place. Always false. */
bool sl_refuse(sl_json *json, const char *format, ...) SL_PRINTF(2, 3);

/* The document is not JSON. Always false. */
bool sl_malformed(sl_json *json, const char *what);

/* The lexer, json.c. Each skips white space before. */
int sl_peek(sl_json *json);                  /* the next character, -1 at the end */
bool sl_accept(sl_json *json, char wanted);  /* consume it if it comes next */
bool sl_string(sl_json *json, sl_text *text);
bool sl_literal(sl_json *json, const char *word); /* "null" */
/* A number's text; *fraction tells whether it has a point or an exponent. */
bool sl_digits(sl_json *json, sl_text *digits, bool *fraction);
bool sl_out_of_memory(sl_json *json);

#endif

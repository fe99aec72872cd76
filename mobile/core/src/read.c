/* Tokens → structs, strictly, by the tables of json.h. */
#include <math.h>
#include <string.h>

#include "json.h"
#include "number.h"

bool sl_refuse(sl_json *json, const char *format, ...) {
  if (json->status != SAFELIGHT_OK) return false;
  json->status = SAFELIGHT_BAD_SPEC;
  char what[300];
  va_list values;
  va_start(values, format);
  sl_vtell(what, sizeof what, format, values);
  va_end(values);
  sl_tell(json->message, json->message_bytes, "%s breaks the contract: %s %s. Was it written by another version of Safelight?", json->where,
          json->place, what);
  return false;
}

/* What comes next, for messages. */
static const char *coming(sl_json *json) {
  switch (sl_peek(json)) {
    case '"': return "a text";
    case '{': return "an object";
    case '[': return "a list";
    case 't': return "true";
    case 'f': return "false";
    case 'n': return "null";
    case -1: return "missing";
    default: return "a number";
  }
}

/* A value of the wrong kind came: against the contract if it begins as JSON does. */
static bool wrong_kind(sl_json *json, const char *wanted) {
  const int next = sl_peek(json);
  if (next == -1) return sl_malformed(json, "it ends early");
  if (strchr("\"{[tfn-0123456789", next) == NULL || next == '\0') return sl_malformed(json, "an unknown character");
  return sl_refuse(json, "must be %s, it is %s", wanted, coming(json));
}

static size_t enter(sl_json *json, const char *format, const char *name, long index) {
  const size_t before = json->place_bytes, room = sizeof json->place - before;
  sl_tell(json->place + before, room, format, name, index);
  json->place_bytes = before + strlen(json->place + before);
  return before;
}

static void leave(sl_json *json, size_t before) {
  json->place_bytes = before;
  json->place[before] = '\0';
}

static size_t enter_field(sl_json *json, const char *name) { return enter(json, ".%s", name, 0); }
static size_t enter_item(sl_json *json, long index) { return enter(json, "%s[%ld]", "", index); }

static bool read_text(sl_json *json, const sl_type *type, sl_text *text) {
  if (sl_peek(json) != '"') return wrong_kind(json, "a text");
  if (!sl_string(json, text)) return false;
  if (text->bytes < (size_t)type->least) return sl_refuse(json, "must not be empty");
  if (type->matches != NULL && !type->matches(*text)) return sl_refuse(json, "must be %s, it is \"%s\"", type->pattern, text->data);
  return true;
}

static bool read_choice(sl_json *json, const sl_type *type, int32_t *index) {
  sl_text text;
  if (sl_peek(json) != '"') return wrong_kind(json, "a text");
  if (!sl_string(json, &text)) return false;
  for (*index = 0; type->choices[*index] != NULL; ++*index)
    if (strlen(type->choices[*index]) == text.bytes && memcmp(type->choices[*index], text.data, text.bytes) == 0) return true;
  char known[100] = "";
  for (int i = 0; type->choices[i] != NULL; i++) {
    const size_t used = strlen(known);
    sl_tell(known + used, sizeof known - used, "%s%s", i > 0 ? " or " : "", type->choices[i]);
  }
  return sl_refuse(json, "must be %s, it is \"%s\"", known, text.data);
}

static bool at_number(sl_json *json) {
  const int next = sl_peek(json);
  return next == '-' || (next >= '0' && next <= '9');
}

static bool in_range(sl_json *json, const sl_type *type, double value) {
  if (value >= type->low && value <= type->high) return true;
  return sl_refuse(json, "must be a number from %g to %g, it is %g", type->low, type->high, value);
}

static bool read_whole(sl_json *json, const sl_type *type, int64_t *value) {
  sl_text digits;
  bool fraction;
  if (!at_number(json)) return wrong_kind(json, "a whole number");
  if (!sl_digits(json, &digits, &fraction)) return false;
  if (fraction) return sl_refuse(json, "must be a whole number without a point, it is %.*s", (int)(digits.bytes > 40 ? 40 : digits.bytes), digits.data);
  const bool negative = digits.data[0] == '-';
  int64_t sum = 0; /* below zero, which reaches further */
  for (size_t i = negative; i < digits.bytes; i++) {
    const int digit = digits.data[i] - '0';
    if (sum < (INT64_MIN + digit) / 10) {
      sum = INT64_MIN;
      break;
    }
    sum = sum * 10 - digit;
  }
  *value = negative ? sum : sum == INT64_MIN ? INT64_MAX : -sum;
  return in_range(json, type, (double)*value);
}

static bool read_number(sl_json *json, const sl_type *type, double *value) {
  sl_text digits;
  bool fraction;
  if (!at_number(json)) return wrong_kind(json, "a number");
  if (!sl_digits(json, &digits, &fraction)) return false;
  *value = sl_number(digits.data, digits.bytes);
  if (isinf(*value)) return sl_refuse(json, "is out of range");
  return in_range(json, type, *value);
}

static const sl_field *field_of(const sl_type *type, sl_text name) {
  for (int32_t i = 0; i < type->field_count; i++)
    if (strlen(type->fields[i].name) == name.bytes && memcmp(type->fields[i].name, name.data, name.bytes) == 0) return &type->fields[i];
  return NULL;
}

static bool key_of(sl_json *json, sl_text *key) {
  if (sl_peek(json) != '"') return sl_malformed(json, "a field lacks its name");
  if (!sl_string(json, key)) return false;
  return sl_accept(json, ':') || sl_malformed(json, "a field lacks its colon");
}

/* After an item: true where another follows. At the end *ended is set. */
static bool another(sl_json *json, char close, bool *ended) {
  *ended = sl_accept(json, close);
  return *ended || sl_accept(json, ',') || sl_malformed(json, "a comma is missing");
}

static void set_default(const sl_field *field, char *value) {
  if (field->type->kind == SL_NUMBER) *(double *)(void *)value = field->otherwise;
  if (field->type->kind == SL_WHOLE) *(int64_t *)(void *)value = (int64_t)field->otherwise;
  if (field->type->kind == SL_TEXT) *(sl_text *)(void *)value = (sl_text){"", 0};
}

static bool read_object(sl_json *json, const sl_type *type, char *value) {
  if (!sl_accept(json, '{')) return wrong_kind(json, "an object");
  uint32_t seen = 0;
  for (bool ended = sl_accept(json, '}'); !ended;) {
    sl_text key;
    if (!key_of(json, &key)) return false;
    const sl_field *field = field_of(type, key);
    if (field == NULL) return sl_refuse(json, "has an unknown field \"%s\"", key.data);
    const size_t before = enter_field(json, field->name);
    memset(value + field->offset, 0, field->type->bytes); /* of repeated fields the last counts */
    if (!sl_read(json, field->type, value + field->offset)) return false;
    leave(json, before);
    seen |= 1u << (field - type->fields);
    if (!another(json, '}', &ended)) return false;
  }
  for (int32_t i = 0; i < type->field_count; i++) {
    if (seen & 1u << i) continue;
    if (!type->fields[i].optional) return sl_refuse(json, "lacks the field %s", type->fields[i].name);
    set_default(&type->fields[i], value + type->fields[i].offset);
  }
  return type->check == NULL || type->check(json, value);
}

/* Room for one more of `bytes` bytes at the end of the list; null with the status set. */
static void *grow(sl_json *json, sl_list *list, size_t bytes) {
  const int32_t count = list->count;
  if ((count & (count - 1)) == 0) { /* 0 or a power of two: full */
    void *larger = count == INT32_MAX / 2 + 1 ? NULL : sl_take(json->arena, bytes * (count > 0 ? 2 * (size_t)count : 1));
    if (larger == NULL) {
      sl_out_of_memory(json);
      return NULL;
    }
    if (count > 0) memcpy(larger, list->items, bytes * (size_t)count);
    list->items = larger;
  }
  return (char *)list->items + bytes * (size_t)list->count++;
}

static bool read_list(sl_json *json, const sl_type *type, sl_list *list) {
  if (!sl_accept(json, '[')) return wrong_kind(json, "a list");
  for (bool ended = sl_accept(json, ']'); !ended;) {
    const size_t before = enter_item(json, list->count);
    void *item = grow(json, list, type->item->bytes);
    if (item == NULL || !sl_read(json, type->item, item)) return false;
    leave(json, before);
    if (!another(json, ']', &ended)) return false;
  }
  return list->count >= type->least || sl_refuse(json, "must have %d or more, it has %d", type->least, list->count);
}

static bool read_tuple(sl_json *json, const sl_type *type, char *items) {
  if (!sl_accept(json, '[')) return wrong_kind(json, "a list");
  for (int32_t i = 0; i < type->least; i++) {
    if (sl_peek(json) == ']') return sl_refuse(json, "must have %d, it has %d", type->least, i);
    if (i > 0 && !sl_accept(json, ',')) return sl_malformed(json, "a comma is missing");
    const size_t before = enter_item(json, i);
    if (!sl_read(json, type->item, items + (size_t)i * type->item->bytes)) return false;
    leave(json, before);
  }
  return sl_accept(json, ']') || sl_refuse(json, "must have %d, it has more", type->least);
}

static bool read_dict(sl_json *json, const sl_type *type, sl_list *list) {
  if (!sl_accept(json, '{')) return wrong_kind(json, "an object");
  for (bool ended = sl_accept(json, '}'); !ended;) {
    sl_entry *entry = grow(json, list, sizeof *entry);
    if (entry == NULL || !key_of(json, &entry->key)) return false;
    const size_t before = enter_field(json, entry->key.data);
    if (!sl_read(json, type->item, &entry->value)) return false;
    leave(json, before);
    if (!another(json, '}', &ended)) return false;
  }
  return true;
}

static bool read_nullable(sl_json *json, const sl_type *type, void **item) {
  if (sl_peek(json) == 'n') return sl_literal(json, "null");
  *item = sl_take(json->arena, type->item->bytes);
  return *item != NULL ? sl_read(json, type->item, *item) : sl_out_of_memory(json);
}

bool sl_read(sl_json *json, const sl_type *type, void *value) {
  switch (type->kind) {
    case SL_TEXT: return read_text(json, type, value);
    case SL_CHOICE: return read_choice(json, type, value);
    case SL_WHOLE: return read_whole(json, type, value);
    case SL_NUMBER: return read_number(json, type, value);
    case SL_OBJECT: return read_object(json, type, value);
    case SL_LIST: return read_list(json, type, value);
    case SL_TUPLE: return read_tuple(json, type, value);
    case SL_DICT: return read_dict(json, type, value);
    case SL_NULLABLE: return read_nullable(json, type, value);
  }
  return false;
}

bool sl_read_document(sl_json *json, const sl_type *type, void *value) {
  memcpy(json->place, "$", 2);
  json->place_bytes = 1;
  if (!sl_read(json, type, value)) return false;
  return sl_peek(json) == -1 || sl_malformed(json, "something follows it");
}

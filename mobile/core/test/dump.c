/* Specs as the library has them, EXIF, answers. */
#include <stdlib.h>
#include <string.h>

#include "spec.h"
#include "test.h"

static void dump(const sl_type *type, const void *value);

static void dump_object(const sl_type *type, const char *value) {
  putchar('{');
  for (int32_t i = 0; i < type->field_count; i++) {
    printf("%s\"%s\": ", i > 0 ? ", " : "", type->fields[i].name);
    dump(type->fields[i].type, value + type->fields[i].offset);
  }
  putchar('}');
}

static void dump_items(const sl_type *item, const char *items, int32_t count) {
  putchar('[');
  for (int32_t i = 0; i < count; i++) {
    if (i > 0) printf(", ");
    dump(item, items + item->bytes * (size_t)i);
  }
  putchar(']');
}

static void dump_dict(const sl_type *item, const sl_list *dict) {
  const sl_entry *entries = dict->items;
  putchar('{');
  for (int32_t i = 0; i < dict->count; i++) {
    if (i > 0) printf(", ");
    print_text(entries[i].key.data, entries[i].key.bytes);
    printf(": ");
    dump(item, &entries[i].value);
  }
  putchar('}');
}

static void dump(const sl_type *type, const void *value) {
  const sl_list *list = value;
  switch (type->kind) {
    case SL_TEXT: print_text(((const sl_text *)value)->data, ((const sl_text *)value)->bytes); break;
    case SL_CHOICE: printf("\"%s\"", type->choices[*(const int32_t *)value]); break;
    case SL_WHOLE: printf("%lld", (long long)*(const int64_t *)value); break;
    case SL_NUMBER: printf("%.17g", *(const double *)value); break;
    case SL_OBJECT: dump_object(type, value); break;
    case SL_LIST: dump_items(type->item, list->items, list->count); break;
    case SL_TUPLE: dump_items(type->item, value, type->least); break;
    case SL_DICT: dump_dict(type->item, list); break;
    case SL_NULLABLE:
      if (*(void *const *)value == NULL)
        printf("null");
      else
        dump(type->item, *(void *const *)value);
  }
}

int dump_specs(const char *path) {
  const bytes file = read_file(path);
  bytes batch = file;
  for (bytes record; (record = next_record(&batch)).data != NULL;) {
    uint8_t *exact = malloc(record.count > 0 ? record.count : 1); /* so that the sanitizer sees a byte too many */
    memcpy(exact, record.data, record.count);
    safelight_spec *spec;
    char message[SAFELIGHT_MESSAGE_BYTES] = "";
    const safelight_status status = safelight_spec_parse((const char *)exact, record.count, &spec, message, sizeof message);
    free(exact);
    printf("{\"status\": %d, ", status);
    if (status == SAFELIGHT_OK) {
      printf("\"spec\": ");
      dump(&SL_CONTRACT, &spec->contract);
    } else {
      printf("\"message\": ");
      print_text(message, strlen(message));
    }
    printf("}\n");
    safelight_spec_free(spec);
  }
  free(file.data);
  return 0;
}

int read_exif(const char *path) {
  const bytes file = read_file(path);
  bytes batch = file;
  for (bytes record; (record = next_record(&batch)).data != NULL;) {
    uint8_t *exact = malloc(record.count > 0 ? record.count : 1);
    memcpy(exact, record.data, record.count);
    printf("%d\n", (int)safelight_exif_orientation(exact, record.count));
    free(exact);
  }
  free(file.data);
  return 0;
}

int give_answers(const char *spec_path, const char *path) {
  const bytes json = read_file(spec_path);
  safelight_spec *spec;
  char text[SAFELIGHT_MESSAGE_BYTES];
  if (safelight_spec_parse((const char *)json.data, json.count, &spec, text, sizeof text) != SAFELIGHT_OK) fail(spec_path, text);
  const bytes file = read_file(path);
  bytes batch = file;
  static const char *const LANGUAGES[] = {"en", "zh-Hant", "zh-Hans", "fr"};
  for (bytes record; (record = next_record(&batch)).data != NULL;) {
    const int32_t count = (int32_t)(record.count / sizeof(float));
    float *probabilities = malloc(record.count);
    memcpy(probabilities, record.data, record.count);
    safelight_answer answer;
    const safelight_status status = safelight_answer_to(spec, probabilities, count, &answer);
    printf("{\"status\": %d", status);
    if (status == SAFELIGHT_OK) {
      int32_t order[5];
      const int32_t found = safelight_rank(probabilities, count, order, 5);
      printf(", \"label\": ");
      const char *id = safelight_spec_label_id(spec, answer.label), *band = safelight_spec_band_id(spec, answer.band);
      print_text(id, strlen(id));
      printf(", \"band\": ");
      print_text(band, strlen(band));
      printf(", \"abstained\": %s, \"probability\": %.9g, \"ranking\": [", answer.abstained ? "true" : "false", (double)answer.probability);
      for (int32_t i = 0; i < found; i++) printf("%s%d", i > 0 ? ", " : "", (int)order[i]);
      printf("], \"says\": {");
      for (size_t i = 0; i < sizeof LANGUAGES / sizeof *LANGUAGES; i++) {
        const size_t length = safelight_say(spec, &answer, LANGUAGES[i], NULL, 0);
        char *wording = malloc(length + 1);
        if (safelight_say(spec, &answer, LANGUAGES[i], wording, length + 1) != length) fail("safelight_say", "two lengths");
        printf("%s\"%s\": ", i > 0 ? ", " : "", LANGUAGES[i]);
        print_text(wording, strlen(wording));
        free(wording);
      }
      char few[6]; /* cut between two characters, never inside one */
      safelight_say(spec, &answer, "zh-Hant", few, sizeof few);
      printf("}, \"few\": ");
      print_text(few, strlen(few));
    }
    printf("}\n");
    free(probabilities);
  }
  safelight_spec_free(spec);
  free(json.data);
  free(file.data);
  return 0;
}

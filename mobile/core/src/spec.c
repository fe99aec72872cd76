/* The contract: `spec.json`. The port of safelight/spec.py; to extend it, add the field to spec.h and to the table here. */
#include "spec.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool lower_hex(sl_text text) {
  for (size_t i = 0; i < text.bytes; i++)
    if (text.data[i] == '\0' || strchr("0123456789abcdef", text.data[i]) == NULL) return false;
  return text.bytes == 64;
}

static bool path_character(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

/* Relative, forward slashes, no "." or ".." segment, no drive: a path can't leave its bundle. */
static bool bundle_path(sl_text text) {
  if (text.bytes == 0 || !path_character(text.data[0])) return false;
  for (size_t start = 0, end; start <= text.bytes; start = end + 1) {
    for (end = start; end < text.bytes && text.data[end] != '/'; end++)
      if (!path_character(text.data[end]) && text.data[end] != '.' && text.data[end] != '-') return false;
    const size_t length = end - start;
    if (length == 0 || (length <= 2 && text.data[start] == '.' && text.data[end - 1] == '.')) return false;
  }
  return true;
}

static const char *const GEOMETRIES[] = {"crop", "stretch", "pad", NULL};
static const char *const FILTERS[] = {"bilinear", "bicubic", "lanczos", NULL};
const char *const SL_FORMATS[] = {"pytorch", "onnx", "tflite", "tfjs", NULL};
const char *const SL_PRECISIONS[] = {"fp32", "fp16", NULL};
static const char *const DTYPES[] = {"float32", NULL};
static const char *const LAYOUTS[] = {"NHWC", "NC", NULL};

#define CHOICE(names) {.kind = SL_CHOICE, .bytes = sizeof(int32_t), .choices = (names)}
#define WHOLE(from, to) {.kind = SL_WHOLE, .bytes = sizeof(int64_t), .low = (from), .high = (to)}
#define NUMBER(from, to) {.kind = SL_NUMBER, .bytes = sizeof(double), .low = (from), .high = (to)}
#define LIST_OF(type, minimum) {.kind = SL_LIST, .bytes = sizeof(sl_list), .item = &(type), .least = (minimum)}
#define DICT_OF(type) {.kind = SL_DICT, .bytes = sizeof(sl_list), .item = &(type)}
#define OBJECT(struct_type, table, checked) \
  {.kind = SL_OBJECT, .bytes = sizeof(struct_type), .fields = (table), .field_count = sizeof(table) / sizeof *(table), .check = (checked)}

static const sl_type ANY_TEXT = {.kind = SL_TEXT, .bytes = sizeof(sl_text)};
static const sl_type TEXT = {.kind = SL_TEXT, .bytes = sizeof(sl_text), .least = 1};
static const sl_type PATH = {
    .kind = SL_TEXT, .bytes = sizeof(sl_text), .matches = bundle_path, .pattern = "a relative path without . or .. segments"};
static const sl_type SHA256 = {
    .kind = SL_TEXT, .bytes = sizeof(sl_text), .matches = lower_hex, .pattern = "64 lower-case hexadecimal digits"};
static const sl_type ONE = WHOLE(1, 1);
static const sl_type ANY_WHOLE = WHOLE(-INFINITY, INFINITY);
static const sl_type NATURAL = WHOLE(0, INFINITY);
static const sl_type POSITIVE = WHOLE(1, INFINITY);
static const sl_type SIDE = WHOLE(1, 4096);
static const sl_type CHANNEL = WHOLE(0, 255);
static const sl_type ANY_NUMBER = NUMBER(-DBL_MAX, DBL_MAX);
static const sl_type PROBABILITY = NUMBER(0, 1);
static const sl_type ABOVE_ZERO = NUMBER(DBL_TRUE_MIN, DBL_MAX);
static const sl_type TEXTS = DICT_OF(TEXT);
static const sl_type ANY_TEXTS = DICT_OF(ANY_TEXT);
static const sl_type COUNTS = DICT_OF(ANY_WHOLE);
static const sl_type FIGURES = DICT_OF(ANY_NUMBER);
static const sl_type WHOLES = LIST_OF(ANY_WHOLE, 0);
static const sl_type NATURALS = LIST_OF(NATURAL, 1);
static const sl_type RGB = {.kind = SL_TUPLE, .bytes = 3 * sizeof(int64_t), .item = &CHANNEL, .least = 3};
static const sl_type HEIGHT_WIDTH = {.kind = SL_TUPLE, .bytes = 2 * sizeof(int64_t), .item = &SIDE, .least = 2};
static const sl_type HEATMAP = {.kind = SL_NULLABLE, .bytes = sizeof(void *), .item = &HEIGHT_WIDTH};
static const sl_type GEOMETRY = CHOICE(GEOMETRIES);
static const sl_type FILTER = CHOICE(FILTERS);
static const sl_type FORMAT = CHOICE(SL_FORMATS);
static const sl_type PRECISION = CHOICE(SL_PRECISIONS);
static const sl_type DTYPE = CHOICE(DTYPES);
static const sl_type LAYOUT = CHOICE(LAYOUTS);

static int compare(const void *a, const void *b) {
  const sl_text *one = *(const sl_text *const *)a, *two = *(const sl_text *const *)b;
  const int order = memcmp(one->data, two->data, one->bytes < two->bytes ? one->bytes : two->bytes);
  return order != 0 ? order : (one->bytes > two->bytes) - (one->bytes < two->bytes);
}

/* The text at `offset` of every item must be its own. */
static bool distinct(sl_json *json, const char *what, const sl_list *list, size_t bytes, size_t offset) {
  const sl_text **texts = sl_take(json->arena, sizeof *texts * (size_t)(list->count + 1));
  if (texts == NULL) return sl_out_of_memory(json);
  for (int32_t i = 0; i < list->count; i++) texts[i] = (const sl_text *)(const void *)((const char *)list->items + bytes * (size_t)i + offset);
  if (list->count > 1) qsort(texts, (size_t)list->count, sizeof *texts, compare);
  for (int32_t i = 1; i < list->count; i++)
    if (compare(&texts[i - 1], &texts[i]) == 0) return sl_refuse(json, "repeats %s: they must differ, \"%s\" comes twice", what, texts[i]->data);
  return true;
}

static bool check_input(sl_json *json, const void *value) {
  const sl_input *input = value;
  if (input->geometry == SAFELIGHT_CROP && input->resize_to < input->size)
    return sl_refuse(json, "has a resize_to (%d) smaller than size (%d): nothing to crop from", (int)input->resize_to, (int)input->size);
  if (input->geometry != SAFELIGHT_CROP && input->resize_to != input->size)
    return sl_refuse(json, "has a resize_to (%d) that must equal size (%d) for %s", (int)input->resize_to, (int)input->size,
                     GEOMETRIES[input->geometry]);
  return true;
}

static bool check_output(sl_json *json, const void *value) {
  const sl_output *output = value;
  const sl_band *bands = output->bands.items;
  for (int32_t i = 0; i < output->bands.count; i++)
    if (i + 1 < output->bands.count ? bands[i].at_least <= bands[i + 1].at_least : bands[i].at_least != 0)
      return sl_refuse(json, "has bands that don't descend strictly to 0: at_least of number %d is %g", (int)i, bands[i].at_least);
  return distinct(json, "band ids of bands", &output->bands, sizeof(sl_band), offsetof(sl_band, id));
}

static bool check_feature_map(sl_json *json, const void *value) {
  const sl_feature_map *map = value;
  const int64_t *channels = map->channels.items;
  for (int32_t i = 0; i < map->channels.count; i++)
    if ((i > 0 && channels[i - 1] >= channels[i]) || channels[i] >= map->layer_channels)
      return sl_refuse(json, "has channels that don't ascend below layer_channels (%lld): number %d is %lld", (long long)map->layer_channels,
                       (int)i, (long long)channels[i]);
  return true;
}

static bool check_model(sl_json *json, const void *value) {
  const sl_model *model = value;
  return distinct(json, "outputs of feature_maps", &model->feature_maps, sizeof(sl_feature_map), offsetof(sl_feature_map, output));
}

static bool check_golden(sl_json *json, const void *value) {
  const sl_golden *golden = value;
  return distinct(json, "names of golden photos", &golden->photos, sizeof(sl_golden_photo), offsetof(sl_golden_photo, name));
}

static bool check_contract(sl_json *json, const void *value) {
  const sl_contract *contract = value;
  const sl_model_file *files = contract->files.items;
  uint64_t seen = 0;
  for (int32_t i = 0; i < contract->files.count; i++) {
    const uint64_t key = (uint64_t)1 << (files[i].format * 8 + files[i].precision);
    if (seen & key)
      return sl_refuse(json, "repeats formats and precisions of files: they must differ, %s-%s comes twice", SL_FORMATS[files[i].format],
                       SL_PRECISIONS[files[i].precision]);
    seen |= key;
  }
  return distinct(json, "label ids of labels", &contract->labels, sizeof(sl_label), offsetof(sl_label, id));
}

#define REQUIRED(field_name, field_type) {.name = #field_name, .type = &(field_type), .offset = offsetof(OF, field_name)}
#define DEFAULT(field_name, field_type, value) \
  {.name = #field_name, .type = &(field_type), .offset = offsetof(OF, field_name), .optional = true, .otherwise = (value)}

#define OF sl_label
static const sl_field LABEL_FIELDS[] = {REQUIRED(id, TEXT), DEFAULT(names, TEXTS, 0)};
static const sl_type LABEL = OBJECT(sl_label, LABEL_FIELDS, NULL);
static const sl_type LABELS = LIST_OF(LABEL, 2);
#undef OF
#define OF sl_input
static const sl_field INPUT_FIELDS[] = {REQUIRED(size, SIDE), DEFAULT(geometry, GEOMETRY, 0), REQUIRED(resize_to, SIDE),
                                        DEFAULT(filter, FILTER, 0), DEFAULT(pad_color, RGB, 0)};
static const sl_type INPUT = OBJECT(sl_input, INPUT_FIELDS, check_input);
#undef OF
#define OF sl_band
static const sl_field BAND_FIELDS[] = {REQUIRED(id, TEXT), REQUIRED(at_least, PROBABILITY), REQUIRED(wording, TEXTS)};
static const sl_type BAND = OBJECT(sl_band, BAND_FIELDS, NULL);
static const sl_type BANDS = LIST_OF(BAND, 1);
#undef OF
#define OF sl_output
static const sl_field OUTPUT_FIELDS[] = {DEFAULT(temperature, ABOVE_ZERO, 1), DEFAULT(abstain_below, PROBABILITY, 0),
                                         REQUIRED(bands, BANDS)};
static const sl_type OUTPUT = OBJECT(sl_output, OUTPUT_FIELDS, check_output);
#undef OF
#define OF sl_feature_map
static const sl_field FEATURE_MAP_FIELDS[] = {REQUIRED(layer, TEXT), REQUIRED(output, TEXT), REQUIRED(layer_channels, POSITIVE),
                                              REQUIRED(channels, NATURALS)};
static const sl_type FEATURE_MAP = OBJECT(sl_feature_map, FEATURE_MAP_FIELDS, check_feature_map);
static const sl_type FEATURE_MAPS = LIST_OF(FEATURE_MAP, 0);
#undef OF
#define OF sl_model
static const sl_field MODEL_FIELDS[] = {REQUIRED(architecture, TEXT), REQUIRED(parameters, POSITIVE), DEFAULT(heatmap, HEATMAP, 0),
                                        DEFAULT(feature_maps, FEATURE_MAPS, 0)};
static const sl_type MODEL = OBJECT(sl_model, MODEL_FIELDS, check_model);
#undef OF
#define OF sl_record
static const sl_field RECORD_FIELDS[] = {REQUIRED(path, PATH), REQUIRED(bytes, NATURAL), REQUIRED(sha256, SHA256)};
static const sl_type RECORD = OBJECT(sl_record, RECORD_FIELDS, NULL);
static const sl_type RECORDS = LIST_OF(RECORD, 1);
#undef OF
#define OF sl_tensor
static const sl_field TENSOR_FIELDS[] = {REQUIRED(name, TEXT), DEFAULT(dtype, DTYPE, 0), REQUIRED(layout, LAYOUT), REQUIRED(shape, WHOLES)};
static const sl_type TENSOR = OBJECT(sl_tensor, TENSOR_FIELDS, NULL);
static const sl_type TENSORS = LIST_OF(TENSOR, 0);
#undef OF
#define OF sl_parity
static const sl_field PARITY_FIELDS[] = {REQUIRED(runtime, TEXT), REQUIRED(images, ANY_WHOLE), REQUIRED(max_abs_probability, ANY_NUMBER),
                                         REQUIRED(mean_abs_probability, ANY_NUMBER), REQUIRED(flips, ANY_WHOLE)};
static const sl_type PARITY = OBJECT(sl_parity, PARITY_FIELDS, NULL);
static const sl_type PARITIES = LIST_OF(PARITY, 0);
#undef OF
#define OF sl_model_file
static const sl_field FILE_FIELDS[] = {REQUIRED(format, FORMAT), REQUIRED(precision, PRECISION),
                                       REQUIRED(parts, RECORDS), REQUIRED(input, TENSOR),
                                       REQUIRED(outputs, TENSORS), DEFAULT(parity, PARITIES, 0),
                                       DEFAULT(max_abs_from_fp32, ANY_NUMBER, 0), DEFAULT(label_agreement, PROBABILITY, 1)};
static const sl_type MODEL_FILE = OBJECT(sl_model_file, FILE_FIELDS, NULL);
static const sl_type MODEL_FILES = LIST_OF(MODEL_FILE, 0);
#undef OF
#define OF sl_golden_photo
static const sl_field GOLDEN_PHOTO_FIELDS[] = {REQUIRED(name, TEXT), REQUIRED(photo, RECORD), REQUIRED(pixels, RECORD),
                                               REQUIRED(pixels_sha256, SHA256)};
static const sl_type GOLDEN_PHOTO = OBJECT(sl_golden_photo, GOLDEN_PHOTO_FIELDS, NULL);
static const sl_type GOLDEN_PHOTOS = LIST_OF(GOLDEN_PHOTO, 0);
#undef OF
#define OF sl_golden
static const sl_field GOLDEN_FIELDS[] = {REQUIRED(photos, GOLDEN_PHOTOS), REQUIRED(probabilities, RECORD)};
static const sl_type GOLDEN = OBJECT(sl_golden, GOLDEN_FIELDS, check_golden);
static const sl_type MAYBE_GOLDEN = {.kind = SL_NULLABLE, .bytes = sizeof(void *), .item = &GOLDEN};
#undef OF
#define OF sl_provenance
static const sl_field PROVENANCE_FIELDS[] = {REQUIRED(source, TEXT),           DEFAULT(recipe, ANY_TEXT, 0),
                                             DEFAULT(command, ANY_TEXT, 0),    DEFAULT(seed, ANY_WHOLE, 0),
                                             DEFAULT(photos, COUNTS, 0),       DEFAULT(data_sha256, ANY_TEXT, 0),
                                             DEFAULT(versions, ANY_TEXTS, 0),  DEFAULT(metrics, FIGURES, 0)};
static const sl_type PROVENANCE = OBJECT(sl_provenance, PROVENANCE_FIELDS, NULL);
#undef OF
#define OF sl_contract
static const sl_field CONTRACT_FIELDS[] = {DEFAULT(spec, ONE, 1),          REQUIRED(name, TEXT),
                                           REQUIRED(labels, LABELS),       REQUIRED(input, INPUT),
                                           REQUIRED(output, OUTPUT),       REQUIRED(model, MODEL),
                                           DEFAULT(files, MODEL_FILES, 0), DEFAULT(golden, MAYBE_GOLDEN, 0),
                                           REQUIRED(provenance, PROVENANCE)};
const sl_type SL_CONTRACT = OBJECT(sl_contract, CONTRACT_FIELDS, check_contract);
#undef OF

safelight_status safelight_spec_parse(const char *data, size_t bytes, safelight_spec **spec, char *message, size_t message_bytes) {
  if (spec != NULL) *spec = NULL;
  if (data == NULL || spec == NULL) {
    sl_tell(message, message_bytes, "safelight_spec_parse was called without %s", data == NULL ? "a document" : "a place for the spec");
    return SAFELIGHT_BAD_ARGUMENT;
  }
  safelight_spec *made = calloc(1, sizeof *made);
  if (made == NULL) {
    sl_tell(message, message_bytes, "no memory for spec.json");
    return SAFELIGHT_NO_MEMORY;
  }
  sl_json json = {.at = data,
                  .end = data + bytes,
                  .where = "spec.json",
                  .arena = &made->arena,
                  .message = message,
                  .message_bytes = message_bytes};
  if (!sl_read_document(&json, &SL_CONTRACT, &made->contract)) {
    safelight_spec_free(made);
    return json.status;
  }
  *spec = made;
  return SAFELIGHT_OK;
}

void safelight_spec_free(safelight_spec *spec) {
  if (spec == NULL) return;
  sl_give_back(&spec->arena);
  free(spec);
}

/* Raw photos through all stages, and how long the resize takes. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "safelight.h"
#include "test.h"

static const char *const FORMATS[] = {"rgb", "rgbx", "rgba", "premultiplied"};

static int32_t format_of(const char *name) {
  for (int32_t i = 0; i < 4; i++)
    if (strcmp(FORMATS[i], name) == 0) return i;
  fail("unknown format", name);
  return -1;
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static safelight_spec *parse(const char *path) {
  const bytes json = read_file(path);
  safelight_spec *spec;
  char message[SAFELIGHT_MESSAGE_BYTES];
  if (safelight_spec_parse((const char *)json.data, json.count, &spec, message, sizeof message) != SAFELIGHT_OK) fail(path, message);
  free(json.data);
  return spec;
}

static void print_answer(const safelight_spec *spec, const safelight_classifier *classifier, const safelight_answer *answer, size_t during) {
  const char *id = safelight_spec_label_id(spec, answer->label), *band = safelight_spec_band_id(spec, answer->band);
  printf("{\"label\": ");
  print_text(id, strlen(id));
  printf(", \"band\": ");
  print_text(band, strlen(band));
  printf(", \"abstained\": %s, \"allocations\": %zu, \"probabilities\": [", answer->abstained ? "true" : "false", during);
  const float *probabilities = safelight_classifier_probabilities(classifier);
  for (int32_t i = 0; i < safelight_spec_label_count(spec); i++) printf("%s%.9g", i > 0 ? ", " : "", (double)probabilities[i]);
  printf("]}");
}

int classify_photos(int argc, char **argv) {
  const char *spec_path = NULL, *model_path = NULL, *precision = "fp32", *out_path = NULL;
  bool from_memory = false;
  int32_t format = SAFELIGHT_RGB, orientation = 1, max_side = 0;
  int at = 0;
  for (; at < argc && strcmp(argv[at], "--pixels") != 0; at++) {
    if (strcmp(argv[at], "--from-memory") == 0) {
      from_memory = true;
      continue;
    }
    if (at + 1 == argc) fail("a value is missing after", argv[at]);
    const char *value = argv[at + 1];
    if (strcmp(argv[at], "--spec") == 0) spec_path = value;
    else if (strcmp(argv[at], "--model") == 0) model_path = value;
    else if (strcmp(argv[at], "--precision") == 0) precision = value;
    else if (strcmp(argv[at], "--out") == 0) out_path = value;
    else if (strcmp(argv[at], "--format") == 0) format = format_of(value);
    else if (strcmp(argv[at], "--orientation") == 0) orientation = atoi(value);
    else if (strcmp(argv[at], "--max-side") == 0) max_side = atoi(value);
    else fail("unknown option", argv[at]);
    at++;
  }
  if (spec_path == NULL || model_path == NULL) fail("missing", "--spec or --model");
  safelight_spec *spec = parse(spec_path);
  const int32_t file = safelight_spec_file(spec, "tflite", precision);
  safelight_classifier *classifier;
  char message[SAFELIGHT_MESSAGE_BYTES] = "";
  bytes model = {NULL, 0};
  if (from_memory) model = read_file(model_path);
  const safelight_status opened =
      from_memory ? safelight_classifier_open_memory(spec, file, model.data, model.count, max_side, &classifier, message, sizeof message)
                  : safelight_classifier_open(spec, file, model_path, max_side, &classifier, message, sizeof message);
  if (opened != SAFELIGHT_OK) fail("open", message);
  FILE *out = out_path != NULL ? fopen(out_path, "wb") : NULL;
  const size_t side = (size_t)safelight_spec_size(spec);
  printf("{\"runtime\": \"%s\", \"photos\": [", safelight_runtime());
  for (bool first = true; at < argc; at += 4, first = false) {
    if (strcmp(argv[at], "--pixels") != 0 || at + 3 >= argc) fail("wanted --pixels FILE W H, found", argv[at]);
    const bytes pixels = read_file(argv[at + 1]);
    safelight_photo photo = {.pixels = pixels.data, .width = atoi(argv[at + 2]), .height = atoi(argv[at + 3]), .format = format,
                             .exif_orientation = orientation};
    photo.stride = (size_t)photo.width * (format == SAFELIGHT_RGB ? 3 : 4);
    if (pixels.count != photo.stride * (size_t)photo.height) fail("not width × height pixels", argv[at + 1]);
    safelight_answer answer;
    const size_t before = allocations();
    if (safelight_classify(classifier, &photo, &answer) != SAFELIGHT_OK) fail("classify", safelight_classifier_message(classifier));
    printf("%s", first ? "" : ", ");
    print_answer(spec, classifier, &answer, allocations() - before);
    if (out != NULL) fwrite(safelight_classifier_pixels(classifier), 3, side * side, out);
    free(pixels.data);
  }
  printf("]}\n");
  if (out != NULL) fclose(out);
  safelight_classifier_free(classifier);
  safelight_spec_free(spec);
  free(model.data);
  return 0;
}

/* bench SPEC W H FORMAT ORIENTATION ROUNDS: the resize's times in milliseconds, as JSON. */
int bench(int argc, char **argv) {
  if (argc != 6) fail("usage", "bench SPEC W H FORMAT ORIENTATION ROUNDS");
  safelight_spec *spec = parse(argv[0]);
  const int32_t format = format_of(argv[3]), rounds = atoi(argv[5]);
  safelight_photo photo = {.width = atoi(argv[1]), .height = atoi(argv[2]), .format = format, .exif_orientation = atoi(argv[4])};
  photo.stride = (size_t)photo.width * (format == SAFELIGHT_RGB ? 3 : 4);
  const size_t count = photo.stride * (size_t)photo.height, side = (size_t)safelight_spec_size(spec);
  uint8_t *pixels = malloc(count), *result = malloc(side * side * 3);
  uint32_t seed = 1;
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    pixels[i] = format != SAFELIGHT_RGB && i % 4 == 3 ? 255 : (uint8_t)(seed >> 24);
  }
  photo.pixels = pixels;
  char message[SAFELIGHT_MESSAGE_BYTES];
  safelight_resizer *resizer;
  if (safelight_resizer_create(spec, 0, &resizer, message, sizeof message) != SAFELIGHT_OK) fail("create", message);
  printf("[");
  for (int32_t i = 0; i < rounds; i++) {
    const double start = milliseconds();
    if (safelight_resize(resizer, &photo, result) != SAFELIGHT_OK) fail("resize", safelight_resizer_message(resizer));
    printf("%s%.3f", i > 0 ? ", " : "", milliseconds() - start);
  }
  printf("]\n");
  safelight_resizer_free(resizer);
  safelight_spec_free(spec);
  free(pixels);
  free(result);
  return 0;
}

/* All stages: a decoded photo in, the answer out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resize.h"
#include "runtime.h"

struct safelight_classifier {
  const safelight_spec *spec;
  safelight_resizer *resizer;
  sl_runtime *runtime;
  uint8_t *pixels;      /* [S,S,3] */
  float *probabilities; /* [C] */
  char message[SAFELIGHT_MESSAGE_BYTES];
};

const char *safelight_runtime(void) { return SL_RUNTIME_NAME; }

/* Bytes of the model, -1 where there is none to read. */
static int64_t size_of(const sl_source *source) {
  if (source->path == NULL) return (int64_t)source->bytes;
  FILE *file = fopen(source->path, "rb");
  const long bytes = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  if (file != NULL) fclose(file);
  return bytes;
}

/* Runtimes die of half a model instead of refusing it, so a download that broke off is found here. */
static safelight_status check_size(const sl_source *source, const sl_model_file *file, char *message, size_t message_bytes) {
  const char *name = source->path != NULL ? source->path : "the model in memory";
  const int64_t bytes = size_of(source), wanted = ((const sl_record *)file->parts.items)->bytes;
  if (bytes == wanted) return SAFELIGHT_OK;
  if (bytes < 0)
    sl_tell(message, message_bytes, "%s can't be read: name the model file of the bundle", name);
  else
    sl_tell(message, message_bytes, "%s has %lld bytes, the spec says %lld: copy the bundle's file again", name, (long long)bytes,
            (long long)wanted);
  return SAFELIGHT_BAD_MODEL;
}

static safelight_status open(const safelight_spec *spec, int32_t index, const sl_source *source, int32_t max_side,
                             safelight_classifier *made, char *message, size_t message_bytes) {
  const sl_model_file *file = SL_ITEM(sl_model_file, spec->contract.files, index);
  if (file == NULL || SL_RUNTIME_FORMAT == NULL || strcmp(SL_FORMATS[file->format], SL_RUNTIME_FORMAT) != 0 || file->outputs.count < 1) {
    sl_tell(message, message_bytes, "file %d of the spec is no model for the runtime %s: ask safelight_spec_file for format \"%s\"", (int)index,
            SL_RUNTIME_NAME, SL_RUNTIME_FORMAT == NULL ? "none" : SL_RUNTIME_FORMAT);
    return SAFELIGHT_BAD_ARGUMENT;
  }
  safelight_status status = check_size(source, file, message, message_bytes);
  if (status != SAFELIGHT_OK) return status;
  const size_t side = (size_t)spec->contract.input.size;
  const int32_t count = spec->contract.labels.count;
  made->spec = spec;
  made->pixels = calloc(side * side, 3);
  made->probabilities = calloc((size_t)count, sizeof *made->probabilities);
  if (made->pixels == NULL || made->probabilities == NULL) {
    sl_tell(message, message_bytes, "no memory for %d labels and %d × %d pixels", (int)count, (int)side, (int)side);
    return SAFELIGHT_NO_MEMORY;
  }
  status = sl_resizer_create(&spec->contract.input, max_side, &made->resizer, message, message_bytes);
  if (status != SAFELIGHT_OK) return status;
  return sl_runtime_open(source, file, (int32_t)side, count, &made->runtime, message, message_bytes);
}

static safelight_status create(const safelight_spec *spec, int32_t file, const sl_source *source, int32_t max_side,
                               safelight_classifier **classifier, char *message, size_t message_bytes) {
  if (classifier != NULL) *classifier = NULL;
  if (spec == NULL || classifier == NULL || (source->path == NULL && source->data == NULL)) {
    sl_tell(message, message_bytes, "a classifier needs a spec, a model and a place where it comes to: one of them is null");
    return SAFELIGHT_BAD_ARGUMENT;
  }
  safelight_classifier *made = calloc(1, sizeof *made);
  if (made == NULL) return SAFELIGHT_NO_MEMORY;
  const safelight_status status = open(spec, file, source, max_side, made, message, message_bytes);
  if (status == SAFELIGHT_OK)
    *classifier = made;
  else
    safelight_classifier_free(made);
  return status;
}

safelight_status safelight_classifier_open(const safelight_spec *spec, int32_t file, const char *model_path, int32_t max_side,
                                           safelight_classifier **classifier, char *message, size_t message_bytes) {
  return create(spec, file, &(sl_source){.path = model_path}, max_side, classifier, message, message_bytes);
}

safelight_status safelight_classifier_open_memory(const safelight_spec *spec, int32_t file, const void *model, size_t model_bytes,
                                                  int32_t max_side, safelight_classifier **classifier, char *message,
                                                  size_t message_bytes) {
  return create(spec, file, &(sl_source){.data = model, .bytes = model_bytes}, max_side, classifier, message, message_bytes);
}

void safelight_classifier_free(safelight_classifier *classifier) {
  if (classifier == NULL) return;
  sl_runtime_close(classifier->runtime);
  safelight_resizer_free(classifier->resizer);
  free(classifier->probabilities);
  free(classifier->pixels);
  free(classifier);
}

safelight_status safelight_classify(safelight_classifier *classifier, const safelight_photo *photo, safelight_answer *answer) {
  if (classifier == NULL) return SAFELIGHT_BAD_ARGUMENT;
  char *message = classifier->message;
  const size_t bytes = sizeof classifier->message;
  if (answer == NULL) {
    sl_tell(message, bytes, "safelight_classify was called without a place for the answer");
    return SAFELIGHT_BAD_ARGUMENT;
  }
  safelight_status status = safelight_resize(classifier->resizer, photo, classifier->pixels);
  if (status != SAFELIGHT_OK) {
    sl_tell(message, bytes, "%s", safelight_resizer_message(classifier->resizer));
    return status;
  }
  status = sl_runtime_run(classifier->runtime, classifier->pixels, classifier->probabilities, message, bytes);
  if (status != SAFELIGHT_OK) return status;
  status = safelight_answer_to(classifier->spec, classifier->probabilities, classifier->spec->contract.labels.count, answer);
  if (status != SAFELIGHT_OK) sl_tell(message, bytes, "the network answers with NaN: is it the file that the spec names? Export the bundle again");
  return status;
}

const float *safelight_classifier_probabilities(const safelight_classifier *classifier) { return classifier->probabilities; }
const uint8_t *safelight_classifier_pixels(const safelight_classifier *classifier) { return classifier->pixels; }
const char *safelight_classifier_message(const safelight_classifier *classifier) { return classifier->message; }

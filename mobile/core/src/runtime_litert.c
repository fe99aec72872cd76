/* LiteRT (formerly TensorFlow Lite) on the CPU, for the .tflite files. */
#include <stdlib.h>
#include <string.h>

#include "litert.h"
#include "runtime.h"

const char *const SL_RUNTIME_NAME = "litert", *const SL_RUNTIME_FORMAT = "tflite";

enum { MAX_OUTPUTS = 64 }; /* probabilities, heat map, feature maps */

struct sl_runtime {
  LiteRtEnvironment environment;
  LiteRtModel model;
  LiteRtOptions options;
  LiteRtCompiledModel compiled;
  LiteRtTensorBuffer input;
  size_t pixels; /* numbers of the input */
  LiteRtTensorBuffer outputs[MAX_OUTPUTS];
  size_t output_count, answer; /* index of the probabilities */
  size_t count;                /* of the probabilities */
};

/* Whether a tensor is float32 and of `numbers` numbers, its batch fixed to 1. */
static bool is_floats(const LiteRtRankedTensorType *type, size_t numbers) {
  size_t product = 1;
  const uint32_t rank = type->rank_and_strides & 127;
  for (uint32_t i = 0; i < rank && i < LITERT_MAX_RANK; i++) {
    if (type->dimensions[i] < 0) return false;
    product *= (size_t)type->dimensions[i];
  }
  return type->element_type == LITERT_FLOAT32 && product == numbers;
}

/* Buffer of the input, or of output `index`. */
static bool make_buffer(sl_runtime *made, bool is_input, size_t index, const LiteRtRankedTensorType *type, LiteRtTensorBuffer *buffer) {
  LiteRtTensorBufferRequirements requirements;
  const int status = is_input ? LiteRtGetCompiledModelInputBufferRequirements(made->compiled, 0, index, &requirements)
                              : LiteRtGetCompiledModelOutputBufferRequirements(made->compiled, 0, index, &requirements);
  return status == 0 && LiteRtCreateManagedTensorBufferFromRequirements(made->environment, type, requirements, buffer) == 0;
}

/* The step that failed, null where none did. */
static const char *open(sl_runtime *made, const sl_source *source, const sl_model_file *file, size_t side) {
  if (LiteRtCreateEnvironment(0, NULL, &made->environment) != 0) return "can't start";
  const int loaded = source->path != NULL ? LiteRtCreateModelFromFile(made->environment, source->path, &made->model)
                                          : LiteRtCreateModelFromBuffer(made->environment, source->data, source->bytes, &made->model);
  if (loaded != 0) return "finds no TFLite model there";
  if (LiteRtCreateOptions(&made->options) != 0 || LiteRtSetOptionsHardwareAccelerators(made->options, LITERT_CPU) != 0 ||
      LiteRtCreateCompiledModel(made->environment, made->model, made->options, &made->compiled) != 0)
    return "can't compile the model";

  size_t signatures = 0, inputs = 0;
  LiteRtSignature signature;
  LiteRtTensor tensor;
  LiteRtRankedTensorType type;
  const char *name;
  if (LiteRtGetNumModelSignatures(made->model, &signatures) != 0 || signatures != 1 ||
      LiteRtGetModelSignature(made->model, 0, &signature) != 0 || LiteRtGetNumSignatureInputs(signature, &inputs) != 0 || inputs != 1 ||
      LiteRtGetSignatureInputName(signature, 0, &name) != 0 || strcmp(name, file->input.name.data) != 0)
    return "finds other inputs than the spec names";
  made->pixels = side * side * 3;
  if (LiteRtGetSignatureInputTensorByIndex(signature, 0, &tensor) != 0 || LiteRtGetRankedTensorType(tensor, &type) != 0 ||
      !is_floats(&type, made->pixels))
    return "finds an input of another type or size than the spec's";
  if (!make_buffer(made, true, 0, &type, &made->input)) return "has no memory for the input";

  const sl_tensor *wanted = file->outputs.items;
  size_t outputs = 0;
  bool found = false;
  if (LiteRtGetNumSignatureOutputs(signature, &outputs) != 0 || outputs > MAX_OUTPUTS) return "finds too many outputs";
  for (size_t i = 0; i < outputs; i++) {
    if (LiteRtGetSignatureOutputName(signature, i, &name) != 0 || LiteRtGetSignatureOutputTensorByIndex(signature, i, &tensor) != 0 ||
        LiteRtGetRankedTensorType(tensor, &type) != 0)
      return "finds an output that it can't describe";
    if (strcmp(name, wanted->name.data) == 0) {
      found = is_floats(&type, made->count);
      made->answer = i;
    }
    if (!make_buffer(made, false, i, &type, &made->outputs[i])) return "has no memory for the outputs";
    made->output_count = i + 1;
  }
  return found ? NULL : "finds no output with the spec's name and number of labels";
}

safelight_status sl_runtime_open(const sl_source *source, const sl_model_file *file, int32_t size, int32_t count, sl_runtime **runtime,
                                 char *message, size_t message_bytes) {
  sl_runtime *made = calloc(1, sizeof *made);
  if (made == NULL) return SAFELIGHT_NO_MEMORY;
  made->count = (size_t)count;
  const char *problem = open(made, source, file, (size_t)size);
  if (problem != NULL) {
    sl_runtime_close(made);
    sl_tell(message, message_bytes, "LiteRT %s: %s. Is it the file that the spec names, whole? Export the bundle again.", problem,
            source->path != NULL ? source->path : "the model in memory");
    return SAFELIGHT_BAD_MODEL;
  }
  *runtime = made;
  return SAFELIGHT_OK;
}

void sl_runtime_close(sl_runtime *runtime) {
  if (runtime == NULL) return;
  if (runtime->input != NULL) LiteRtDestroyTensorBuffer(runtime->input);
  for (size_t i = 0; i < runtime->output_count; i++) LiteRtDestroyTensorBuffer(runtime->outputs[i]);
  if (runtime->compiled != NULL) LiteRtDestroyCompiledModel(runtime->compiled);
  if (runtime->options != NULL) LiteRtDestroyOptions(runtime->options);
  if (runtime->model != NULL) LiteRtDestroyModel(runtime->model);
  if (runtime->environment != NULL) LiteRtDestroyEnvironment(runtime->environment);
  free(runtime);
}

static bool run(sl_runtime *runtime, const uint8_t *pixels, float *probabilities) {
  void *memory;
  if (LiteRtLockTensorBuffer(runtime->input, &memory, LITERT_LOCK_WRITE) != 0) return false;
  float *input = memory; /* 0…255: mean and deviation are in the network */
  for (size_t i = 0; i < runtime->pixels; i++) input[i] = pixels[i];
  if (LiteRtUnlockTensorBuffer(runtime->input) != 0) return false;
  if (LiteRtRunCompiledModel(runtime->compiled, 0, 1, &runtime->input, runtime->output_count, runtime->outputs) != 0) return false;
  LiteRtTensorBuffer answer = runtime->outputs[runtime->answer];
  if (LiteRtLockTensorBuffer(answer, &memory, LITERT_LOCK_READ) != 0) return false;
  memcpy(probabilities, memory, runtime->count * sizeof *probabilities);
  return LiteRtUnlockTensorBuffer(answer) == 0;
}

safelight_status sl_runtime_run(sl_runtime *runtime, const uint8_t *pixels, float *probabilities, char *message, size_t message_bytes) {
  if (run(runtime, pixels, probabilities)) return SAFELIGHT_OK;
  sl_tell(message, message_bytes, "LiteRT refused to run the model; its own message went to the log");
  return SAFELIGHT_RUNTIME_FAILED;
}

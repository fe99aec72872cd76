/* The part of LiteRT's CompiledModel C API that we call: libLiteRt.so comes in Google's packages without headers.
 *
 * Handles, numbers and layouts are those of LiteRT 2.3 (litert/c in github.com/google-ai-edge/LiteRT). Earlier
 * headers have no environment where a model is created: link 2.3 or newer. Every call returns 0 on success.
 */
#ifndef SL_LITERT_H
#define SL_LITERT_H

#include <stddef.h>
#include <stdint.h>

typedef struct LiteRtEnvironmentT *LiteRtEnvironment;
typedef struct LiteRtModelT *LiteRtModel;
typedef struct LiteRtOptionsT *LiteRtOptions;
typedef struct LiteRtSignatureT *LiteRtSignature;
typedef struct LiteRtTensorT *LiteRtTensor;
typedef struct LiteRtCompiledModelT *LiteRtCompiledModel;
typedef struct LiteRtTensorBufferT *LiteRtTensorBuffer;
typedef struct LiteRtTensorBufferRequirementsT *LiteRtTensorBufferRequirements;

enum { LITERT_FLOAT32 = 1, LITERT_CPU = 1, LITERT_LOCK_READ = 0, LITERT_LOCK_WRITE = 1, LITERT_MAX_RANK = 8 };

typedef struct LiteRtRankedTensorType {
  int32_t element_type;
  uint32_t rank_and_strides; /* rank in the lower 7 bits, then one that says whether strides mean something */
  int32_t dimensions[LITERT_MAX_RANK];
  uint32_t strides[LITERT_MAX_RANK];
} LiteRtRankedTensorType;

_Static_assert(sizeof(LiteRtRankedTensorType) == 72, "LiteRT's own assertion about its layout");

int LiteRtCreateEnvironment(int option_count, const void *options, LiteRtEnvironment *environment);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);

int LiteRtCreateModelFromFile(LiteRtEnvironment environment, const char *path, LiteRtModel *model);
/* The data must outlive the model. */
int LiteRtCreateModelFromBuffer(LiteRtEnvironment environment, const void *data, size_t bytes, LiteRtModel *model);
void LiteRtDestroyModel(LiteRtModel model);
int LiteRtGetNumModelSignatures(LiteRtModel model, size_t *count);
int LiteRtGetModelSignature(LiteRtModel model, size_t index, LiteRtSignature *signature);

int LiteRtGetNumSignatureInputs(LiteRtSignature signature, size_t *count);
int LiteRtGetSignatureInputName(LiteRtSignature signature, size_t index, const char **name);
int LiteRtGetSignatureInputTensorByIndex(LiteRtSignature signature, size_t index, LiteRtTensor *tensor);
int LiteRtGetNumSignatureOutputs(LiteRtSignature signature, size_t *count);
int LiteRtGetSignatureOutputName(LiteRtSignature signature, size_t index, const char **name);
int LiteRtGetSignatureOutputTensorByIndex(LiteRtSignature signature, size_t index, LiteRtTensor *tensor);
int LiteRtGetRankedTensorType(LiteRtTensor tensor, LiteRtRankedTensorType *type);

int LiteRtCreateOptions(LiteRtOptions *options);
int LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options, int accelerators);
void LiteRtDestroyOptions(LiteRtOptions options);

int LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model, LiteRtOptions options, LiteRtCompiledModel *compiled);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled);
int LiteRtGetCompiledModelInputBufferRequirements(LiteRtCompiledModel compiled, size_t signature, size_t input,
                                                  LiteRtTensorBufferRequirements *requirements); /* compiled's own */
int LiteRtGetCompiledModelOutputBufferRequirements(LiteRtCompiledModel compiled, size_t signature, size_t output,
                                                   LiteRtTensorBufferRequirements *requirements);
int LiteRtRunCompiledModel(LiteRtCompiledModel compiled, size_t signature, size_t input_count, LiteRtTensorBuffer *inputs,
                           size_t output_count, LiteRtTensorBuffer *outputs);

int LiteRtCreateManagedTensorBufferFromRequirements(LiteRtEnvironment environment, const LiteRtRankedTensorType *type,
                                                    LiteRtTensorBufferRequirements requirements, LiteRtTensorBuffer *buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
int LiteRtLockTensorBuffer(LiteRtTensorBuffer buffer, void **memory, int mode);
int LiteRtUnlockTensorBuffer(LiteRtTensorBuffer buffer);

#endif

/* Safelight's core: a bundle's answer to a photo, the same in C as in Python, to the bit up to the network.
 *
 *     pixels of a decoded photo → upright → the model's pixels [S,S,3] → probabilities [C] → label, band, abstention
 *
 * The contract is docs/bundle.md; decoding JPEG and its kin (stage 1) is the app's. Strings are UTF-8 and end in a zero
 * byte. Whatever a function returns by `const` pointer belongs to the object it was asked of and lives as long as that.
 *
 * Threads: a spec never changes and may be shared. A resizer or a classifier serves one thread at a time; make one for
 * each. There is no global state. After creation nothing here allocates; what the runtime does inside is its own affair.
 */
#ifndef SAFELIGHT_H
#define SAFELIGHT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(SAFELIGHT_BUILD) && defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* What became of a call. Every failure leaves a sentence: what was wrong, what came, what to do. */
typedef enum safelight_status {
  SAFELIGHT_OK = 0,
  SAFELIGHT_BAD_ARGUMENT = 1,    /* the calling code is wrong: a null pointer, a width of 0, an unknown format */
  SAFELIGHT_NO_MEMORY = 2,       /* creation only */
  SAFELIGHT_BAD_SPEC = 3,        /* not JSON, or against the contract */
  SAFELIGHT_PHOTO_TOO_LARGE = 4, /* a side above the max_side of the creation */
  SAFELIGHT_BAD_MODEL = 5,       /* no model of that runtime, not the one of this spec, or it answers with no numbers */
  SAFELIGHT_RUNTIME_FAILED = 6   /* the runtime refused to run */
} safelight_status;

/* Bytes that hold any message with its zero byte; shorter buffers get the beginning. */
#define SAFELIGHT_MESSAGE_BYTES 512

/* ---- spec.json ---- */

typedef struct safelight_spec safelight_spec;

typedef enum safelight_geometry { SAFELIGHT_CROP = 0, SAFELIGHT_STRETCH = 1, SAFELIGHT_PAD = 2 } safelight_geometry;
typedef enum safelight_filter { SAFELIGHT_BILINEAR = 0, SAFELIGHT_BICUBIC = 1, SAFELIGHT_LANCZOS = 2 } safelight_filter;

/* Read `bytes` bytes of JSON strictly. On success *spec is the caller's, to be freed by safelight_spec_free; on failure it is
 * null and `message` says why. `message` may be null. The JSON is not needed afterwards. */
safelight_status safelight_spec_parse(const char *json, size_t bytes, safelight_spec **spec, char *message, size_t message_bytes);
void safelight_spec_free(safelight_spec *spec); /* null is fine */

const char *safelight_spec_name(const safelight_spec *spec);
int32_t safelight_spec_size(const safelight_spec *spec); /* S, pixels */
int32_t safelight_spec_resize_to(const safelight_spec *spec);
safelight_geometry safelight_spec_geometry(const safelight_spec *spec);
safelight_filter safelight_spec_filter(const safelight_spec *spec);
uint8_t safelight_spec_pad_color(const safelight_spec *spec, int32_t channel); /* 0 red, 1 green, 2 blue */
double safelight_spec_temperature(const safelight_spec *spec);                 /* already inside the network */
double safelight_spec_abstain_below(const safelight_spec *spec);               /* 0…1 */

/* Indices count from 0. An index that there isn't gives null, 0 or -1. */
int32_t safelight_spec_label_count(const safelight_spec *spec); /* C */
const char *safelight_spec_label_id(const safelight_spec *spec, int32_t label);
/* What people read: the name in `language` (a BCP 47 tag), else in English, else the id. */
const char *safelight_spec_label_name(const safelight_spec *spec, int32_t label, const char *language);
int32_t safelight_spec_band_count(const safelight_spec *spec);
const char *safelight_spec_band_id(const safelight_spec *spec, int32_t band);
double safelight_spec_band_at_least(const safelight_spec *spec, int32_t band);

/* The file of a format ("tflite", "onnx", …) and precision ("fp32", …), -1 where the bundle has none. `path` is its entry
 * point, relative to the bundle. Compare bytes and sha256 (64 lower-case digits) before you trust a file that came by itself. */
int32_t safelight_spec_file(const safelight_spec *spec, const char *format, const char *precision);
const char *safelight_spec_file_path(const safelight_spec *spec, int32_t file);
int64_t safelight_spec_file_bytes(const safelight_spec *spec, int32_t file);
const char *safelight_spec_file_sha256(const safelight_spec *spec, int32_t file);

/* The bundle's own exam: photos, and the SHA-256 of the pixels [S,S,3] that each must become. */
int32_t safelight_spec_golden_count(const safelight_spec *spec);
const char *safelight_spec_golden_name(const safelight_spec *spec, int32_t golden);
const char *safelight_spec_golden_photo(const safelight_spec *spec, int32_t golden);
const char *safelight_spec_golden_pixels_sha256(const safelight_spec *spec, int32_t golden);

/* ---- a photo's pixels ---- */

typedef enum safelight_format {
  SAFELIGHT_RGB = 0,               /* 3 bytes a pixel */
  SAFELIGHT_RGBX = 1,              /* 4, the last means nothing */
  SAFELIGHT_RGBA = 2,              /* 4, straight alpha: laid over white as docs/bundle.md says */
  SAFELIGHT_RGBA_PREMULTIPLIED = 3 /* 4, as Android's Bitmap and CoreGraphics have it; laid over white, within 1 of the above */
} safelight_format;

/* Decoded pixels as stored, and how to turn them. A region of a larger picture needs no copy: point at its first pixel. */
typedef struct safelight_photo {
  const uint8_t *pixels; /* the first row's first pixel */
  int32_t width;         /* pixels, 1… */
  int32_t height;
  size_t stride;            /* bytes from one row to the next, at least width × bytes a pixel */
  int32_t format;           /* a safelight_format */
  int32_t exif_orientation; /* 1…8; any other value means 1, as stored */
} safelight_photo;

/* The orientation in a raw EXIF record (TIFF, with "Exif" and two zero bytes before it or without): 1…8, 1 where it has none. */
int32_t safelight_exif_orientation(const uint8_t *record, size_t bytes);

/* The whole photo upright, packed RGB [H,W,3], where H and W are exchanged for orientations 5 to 8. `rgb` holds
 * width × height × 3 bytes. */
safelight_status safelight_upright(const safelight_photo *photo, uint8_t *rgb);

/* ---- stage 2: the model's pixels ---- */

typedef struct safelight_resizer safelight_resizer;

/* The longest side of a photo, in pixels, where 0 is given: 200 megapixels of 4:3 fit. */
#define SAFELIGHT_DEFAULT_MAX_SIDE 16384

/* For photos of up to `max_side` pixels a side (for `crop` the ends beyond 16 : 1 don't count). Takes some 200 bytes a pixel
 * of max_side for bilinear, 320 for lanczos. The resizer keeps what it needs of the spec. Free it by safelight_resizer_free. */
safelight_status safelight_resizer_create(const safelight_spec *spec, int32_t max_side, safelight_resizer **resizer, char *message,
                                          size_t message_bytes);
void safelight_resizer_free(safelight_resizer *resizer); /* null is fine */

/* A photo → RGB uint8 [S,S,3], the bytes that Python gives. `pixels` holds S × S × 3 bytes. */
safelight_status safelight_resize(safelight_resizer *resizer, const safelight_photo *photo, uint8_t *pixels);

/* What was wrong with the last call that failed. */
const char *safelight_resizer_message(const safelight_resizer *resizer);

/* ---- stage 4: the answer ---- */

typedef struct safelight_answer {
  int32_t label;     /* index of the most probable class; of equal ones the first */
  int32_t band;      /* index of the wording band */
  int32_t abstained; /* 1 where the probability is below abstain_below, else 0 */
  float probability; /* 0…1 */
} safelight_answer;

/* What [C] probabilities mean under the spec. Whatever contains NaN is no answer: SAFELIGHT_BAD_MODEL. */
safelight_status safelight_answer_to(const safelight_spec *spec, const float *probabilities, int32_t count, safelight_answer *answer);

/* The `top` most probable labels, most probable first, of equal ones the first label: indices into `order`, which holds
 * `top` of them. Returns how many there are: top, or count where that is less. */
int32_t safelight_rank(const float *probabilities, int32_t count, int32_t *order, int32_t top);

/* The band's wording with the label's name filled in, "perhaps a dog": the bytes without the zero byte that the whole text has.
 * `text` gets what fits into `text_bytes`, whole characters with a zero byte; null and 0 ask for the size alone. */
size_t safelight_say(const safelight_spec *spec, const safelight_answer *answer, const char *language, char *text, size_t text_bytes);

/* ---- all stages ---- */

typedef struct safelight_classifier safelight_classifier;

/* The runtime that this library was built for: "litert" or "none". */
const char *safelight_runtime(void);

/* Open a model file of the spec: `file` is an index from safelight_spec_file, for litert of the format "tflite". Its length is
 * compared with the spec, its SHA-256 is not. The spec must outlive the classifier. Free it by safelight_classifier_free. */
safelight_status safelight_classifier_open(const safelight_spec *spec, int32_t file, const char *model_path, int32_t max_side,
                                           safelight_classifier **classifier, char *message, size_t message_bytes);
/* The same from memory, which must stay as it is as long as the classifier lives. */
safelight_status safelight_classifier_open_memory(const safelight_spec *spec, int32_t file, const void *model, size_t model_bytes,
                                                  int32_t max_side, safelight_classifier **classifier, char *message,
                                                  size_t message_bytes);
void safelight_classifier_free(safelight_classifier *classifier); /* null is fine */

/* The answer to a photo. `answer` is untouched where the call fails. */
safelight_status safelight_classify(safelight_classifier *classifier, const safelight_photo *photo, safelight_answer *answer);

/* Of the last photo: float32 [C] in the order of the labels, and RGB uint8 [S,S,3], what the network saw. */
const float *safelight_classifier_probabilities(const safelight_classifier *classifier);
const uint8_t *safelight_classifier_pixels(const safelight_classifier *classifier);
const char *safelight_classifier_message(const safelight_classifier *classifier);

#if defined(SAFELIGHT_BUILD) && defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif

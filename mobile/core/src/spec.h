/* A spec as C structs: the names and the order of safelight/spec.py. */
#ifndef SL_SPEC_H
#define SL_SPEC_H

#include "json.h"

typedef struct sl_label {
  sl_text id;
  sl_list names; /* language → text */
} sl_label;

typedef struct sl_input {
  int64_t size;
  int32_t geometry; /* a safelight_geometry */
  int64_t resize_to;
  int32_t filter; /* a safelight_filter */
  int64_t pad_color[3];
} sl_input;

typedef struct sl_band {
  sl_text id;
  double at_least;
  sl_list wording; /* language → text */
} sl_band;

typedef struct sl_output {
  double temperature, abstain_below;
  sl_list bands; /* sl_band */
} sl_output;

typedef struct sl_feature_map {
  sl_text layer, output;
  int64_t layer_channels;
  sl_list channels; /* int64_t */
} sl_feature_map;

typedef struct sl_model {
  sl_text architecture;
  int64_t parameters;
  int64_t *heatmap;     /* [h, w] or null */
  sl_list feature_maps; /* sl_feature_map */
} sl_model;

typedef struct sl_record {
  sl_text path;
  int64_t bytes;
  sl_text sha256;
} sl_record;

typedef struct sl_tensor {
  sl_text name;
  int32_t dtype, layout;
  sl_list shape; /* int64_t */
} sl_tensor;

typedef struct sl_parity {
  sl_text runtime;
  int64_t images;
  double max_abs_probability, mean_abs_probability;
  int64_t flips;
} sl_parity;

typedef struct sl_model_file {
  int32_t format, precision;
  sl_list parts; /* sl_record */
  sl_tensor input;
  sl_list outputs; /* sl_tensor */
  sl_list parity;  /* sl_parity */
  double max_abs_from_fp32, label_agreement;
} sl_model_file;

typedef struct sl_golden_photo {
  sl_text name;
  sl_record photo, pixels;
  sl_text pixels_sha256;
} sl_golden_photo;

typedef struct sl_golden {
  sl_list photos; /* sl_golden_photo */
  sl_record probabilities;
} sl_golden;

typedef struct sl_provenance {
  sl_text source, recipe, command;
  int64_t seed;
  sl_list photos; /* text → int64_t */
  sl_text data_sha256;
  sl_list versions, metrics; /* text → text, text → double */
} sl_provenance;

typedef struct sl_contract {
  int64_t spec;
  sl_text name;
  sl_list labels; /* sl_label */
  sl_input input;
  sl_output output;
  sl_model model;
  sl_list files; /* sl_model_file */
  sl_golden *golden;
  sl_provenance provenance;
} sl_contract;

struct safelight_spec {
  sl_contract contract;
  sl_arena arena;
};

extern const sl_type SL_CONTRACT;
extern const char *const SL_FORMATS[], *const SL_PRECISIONS[];

/* Item `index` of a list of `type`, null where there is none. */
#define SL_ITEM(type, list, index) \
  ((index) < 0 || (index) >= (list).count ? (const type *)NULL : (const type *)(list).items + (index))

/* The text under `key`, "" where there is none. */
const char *sl_lookup(const sl_list *dict, const char *key);

#endif

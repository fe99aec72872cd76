/* What an app asks a spec. */
#include <string.h>

#include "spec.h"

const char *sl_lookup(const sl_list *dict, const char *key) {
  const size_t bytes = strlen(key);
  const sl_entry *entries = dict->items;
  for (int32_t i = dict->count; i-- > 0;) /* of equal keys the last one counts */
    if (entries[i].key.bytes == bytes && memcmp(entries[i].key.data, key, bytes) == 0) return entries[i].value.text.data;
  return "";
}

const char *safelight_spec_name(const safelight_spec *spec) { return spec->contract.name.data; }
int32_t safelight_spec_size(const safelight_spec *spec) { return (int32_t)spec->contract.input.size; }
int32_t safelight_spec_resize_to(const safelight_spec *spec) { return (int32_t)spec->contract.input.resize_to; }
safelight_geometry safelight_spec_geometry(const safelight_spec *spec) { return (safelight_geometry)spec->contract.input.geometry; }
safelight_filter safelight_spec_filter(const safelight_spec *spec) { return (safelight_filter)spec->contract.input.filter; }

uint8_t safelight_spec_pad_color(const safelight_spec *spec, int32_t channel) {
  return channel < 0 || channel > 2 ? 0 : (uint8_t)spec->contract.input.pad_color[channel];
}

double safelight_spec_temperature(const safelight_spec *spec) { return spec->contract.output.temperature; }
double safelight_spec_abstain_below(const safelight_spec *spec) { return spec->contract.output.abstain_below; }
int32_t safelight_spec_label_count(const safelight_spec *spec) { return spec->contract.labels.count; }

const char *safelight_spec_label_id(const safelight_spec *spec, int32_t index) {
  const sl_label *label = SL_ITEM(sl_label, spec->contract.labels, index);
  return label == NULL ? NULL : label->id.data;
}

const char *safelight_spec_label_name(const safelight_spec *spec, int32_t index, const char *language) {
  const sl_label *label = SL_ITEM(sl_label, spec->contract.labels, index);
  if (label == NULL) return NULL;
  const char *name = language == NULL ? "" : sl_lookup(&label->names, language);
  if (*name == '\0') name = sl_lookup(&label->names, "en");
  return *name == '\0' ? label->id.data : name;
}

int32_t safelight_spec_band_count(const safelight_spec *spec) { return spec->contract.output.bands.count; }

const char *safelight_spec_band_id(const safelight_spec *spec, int32_t index) {
  const sl_band *band = SL_ITEM(sl_band, spec->contract.output.bands, index);
  return band == NULL ? NULL : band->id.data;
}

double safelight_spec_band_at_least(const safelight_spec *spec, int32_t index) {
  const sl_band *band = SL_ITEM(sl_band, spec->contract.output.bands, index);
  return band == NULL ? 0 : band->at_least;
}

int32_t safelight_spec_file(const safelight_spec *spec, const char *format, const char *precision) {
  if (format == NULL || precision == NULL) return -1;
  const sl_model_file *files = spec->contract.files.items;
  for (int32_t i = 0; i < spec->contract.files.count; i++)
    if (strcmp(SL_FORMATS[files[i].format], format) == 0 && strcmp(SL_PRECISIONS[files[i].precision], precision) == 0) return i;
  return -1;
}

/* parts[0], the entry point that a runtime opens. */
static const sl_record *entry(const safelight_spec *spec, int32_t index) {
  const sl_model_file *file = SL_ITEM(sl_model_file, spec->contract.files, index);
  return file == NULL ? NULL : file->parts.items;
}

const char *safelight_spec_file_path(const safelight_spec *spec, int32_t file) {
  const sl_record *record = entry(spec, file);
  return record == NULL ? NULL : record->path.data;
}

int64_t safelight_spec_file_bytes(const safelight_spec *spec, int32_t file) {
  const sl_record *record = entry(spec, file);
  return record == NULL ? 0 : record->bytes;
}

const char *safelight_spec_file_sha256(const safelight_spec *spec, int32_t file) {
  const sl_record *record = entry(spec, file);
  return record == NULL ? NULL : record->sha256.data;
}

int32_t safelight_spec_golden_count(const safelight_spec *spec) {
  return spec->contract.golden == NULL ? 0 : spec->contract.golden->photos.count;
}

static const sl_golden_photo *golden_photo(const safelight_spec *spec, int32_t index) {
  return spec->contract.golden == NULL ? NULL : SL_ITEM(sl_golden_photo, spec->contract.golden->photos, index);
}

const char *safelight_spec_golden_name(const safelight_spec *spec, int32_t index) {
  const sl_golden_photo *golden = golden_photo(spec, index);
  return golden == NULL ? NULL : golden->name.data;
}

const char *safelight_spec_golden_photo(const safelight_spec *spec, int32_t index) {
  const sl_golden_photo *golden = golden_photo(spec, index);
  return golden == NULL ? NULL : golden->photo.path.data;
}

const char *safelight_spec_golden_pixels_sha256(const safelight_spec *spec, int32_t index) {
  const sl_golden_photo *golden = golden_photo(spec, index);
  return golden == NULL ? NULL : golden->pixels_sha256.data;
}

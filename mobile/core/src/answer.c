/* Stage 4: probabilities → label, band, abstention, wording. The port of safelight/task.py. */
#include <math.h>
#include <string.h>

#include "spec.h"

int32_t safelight_rank(const float *probabilities, int32_t count, int32_t *order, int32_t top) {
  if (probabilities == NULL || order == NULL) return 0;
  int32_t found = 0;
  for (int32_t label = 0; label < count; label++) {
    int32_t place = found;
    while (place > 0 && probabilities[order[place - 1]] < probabilities[label]) place--; /* of equal ones the first stays before */
    if (place >= top) continue;
    if (found < top) found++;
    memmove(order + place + 1, order + place, sizeof *order * (size_t)(found - 1 - place));
    order[place] = label;
  }
  return found;
}

safelight_status safelight_answer_to(const safelight_spec *spec, const float *probabilities, int32_t count, safelight_answer *answer) {
  if (spec == NULL || probabilities == NULL || answer == NULL || count != spec->contract.labels.count) return SAFELIGHT_BAD_ARGUMENT;
  for (int32_t label = 0; label < count; label++)
    if (isnan(probabilities[label])) return SAFELIGHT_BAD_MODEL;
  safelight_answer made = {0};
  safelight_rank(probabilities, count, &made.label, 1);
  made.probability = probabilities[made.label];
  const double best = made.probability; /* compared as a double, as in Python */
  const sl_band *bands = spec->contract.output.bands.items;
  while (made.band + 1 < spec->contract.output.bands.count && best < bands[made.band].at_least) made.band++;
  made.abstained = best < spec->contract.output.abstain_below;
  *answer = made;
  return SAFELIGHT_OK;
}

size_t safelight_say(const safelight_spec *spec, const safelight_answer *answer, const char *language, char *text, size_t text_bytes) {
  if (text != NULL && text_bytes > 0) text[0] = '\0';
  if (spec == NULL || answer == NULL) return 0;
  const sl_band *band = SL_ITEM(sl_band, spec->contract.output.bands, answer->band);
  const char *name = safelight_spec_label_name(spec, answer->label, language);
  if (band == NULL || name == NULL) return 0;
  static const char LABEL[] = "{label}";
  const char *wording = language == NULL ? "" : sl_lookup(&band->wording, language);
  if (*wording == '\0') wording = sl_lookup(&band->wording, "en");
  if (*wording == '\0') wording = LABEL;
  size_t total = 0;
  bool full = text == NULL || text_bytes == 0;
  while (*wording != '\0') {
    const bool is_label = strncmp(wording, LABEL, sizeof LABEL - 1) == 0;
    const char *next = is_label ? NULL : strstr(wording + 1, LABEL);
    const char *part = is_label ? name : wording;
    const size_t length = is_label ? strlen(name) : next != NULL ? (size_t)(next - wording) : strlen(wording);
    if (!full) {
      const size_t room = text_bytes - 1 - total;
      full = length > room;
      const size_t fits = full ? sl_whole_characters(part, room) : length;
      memcpy(text + total, part, fits);
      text[total + fits] = '\0';
    }
    total += length;
    wording += is_label ? sizeof LABEL - 1 : length;
  }
  return total;
}

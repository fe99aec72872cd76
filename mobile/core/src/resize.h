#ifndef SL_RESIZE_H
#define SL_RESIZE_H

#include "spec.h"

/* As safelight_resizer_create, from the part of the spec that it needs. */
safelight_status sl_resizer_create(const sl_input *input, int32_t max_side, safelight_resizer **resizer, char *message,
                                   size_t message_bytes);

#endif

/* Memory that is taken in pieces and given back at once: all that a spec is made of. */
#ifndef SL_ARENA_H
#define SL_ARENA_H

#include <stddef.h>

typedef struct sl_arena {
  struct sl_chunk *chunks; /* the newest first */
} sl_arena;

/* `bytes` zero bytes, aligned for any type; null where memory is out. */
void *sl_take(sl_arena *arena, size_t bytes);
void sl_give_back(sl_arena *arena);

#endif

#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { ALIGN = 16, CHUNK_BYTES = 16 * 1024 };

struct sl_chunk {
  struct sl_chunk *next;
  size_t bytes, used; /* of `memory` */
  alignas(ALIGN) unsigned char memory[];
};

void *sl_take(sl_arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 2) return NULL;
  bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
  struct sl_chunk *chunk = arena->chunks;
  if (chunk == NULL || chunk->bytes - chunk->used < bytes) {
    size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    chunk = calloc(1, sizeof *chunk + room);
    if (chunk == NULL) return NULL;
    chunk->bytes = room;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
  }
  void *memory = chunk->memory + chunk->used;
  chunk->used += bytes;
  return memory;
}

void sl_give_back(sl_arena *arena) {
  for (struct sl_chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  arena->chunks = NULL;
}

/* The linker leads the library's calls of malloc and its kin through here (--wrap). Only the test program has this count. */
#include <stdatomic.h>
#include <stdlib.h>

#include "test.h"

static atomic_size_t count;

size_t allocations(void) { return atomic_load(&count); }

void *__real_malloc(size_t size);
void *__real_calloc(size_t many, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t many, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
  atomic_fetch_add(&count, 1);
  return __real_malloc(size);
}

void *__wrap_calloc(size_t many, size_t size) {
  atomic_fetch_add(&count, 1);
  return __real_calloc(many, size);
}

void *__wrap_realloc(void *old, size_t size) {
  atomic_fetch_add(&count, 1);
  return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  atomic_fetch_add(&count, 1);
  return __real_aligned_alloc(alignment, size);
}

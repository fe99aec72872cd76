/* The test program's parts: each reads a batch from a file, so that thousands of cases cost one process. */
#ifndef TEST_H
#define TEST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct bytes {
  uint8_t *data;
  size_t count;
} bytes;

/* A whole file; ends the program with a sentence where it can't be read. */
bytes read_file(const char *path);

/* The next record of a batch: its length in 4 bytes, lowest first, then that many bytes. Zero count and null at the end. */
bytes next_record(bytes *batch);

/* End the program with a sentence. */
void fail(const char *what, const char *detail);

/* Calls of malloc and its kin by the library, so far. */
size_t allocations(void);

/* A text as JSON, quoted. */
void print_text(const char *text, size_t count);

int dump_specs(const char *batch);
int read_exif(const char *batch);
int run_cases(const char *batch, const char *out);
int give_answers(const char *spec, const char *batch);
int classify_photos(int argc, char **argv);
int share_among_threads(const char *spec);
int bench(int argc, char **argv);

#endif

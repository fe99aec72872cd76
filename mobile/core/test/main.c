/* The core's test program, driven by tests/mobile. It prints JSON.
 *
 *   safelight-core spec BATCH                     each spec read, as JSON, or why it was refused
 *   safelight-core exif BATCH                     each record's orientation
 *   safelight-core cases BATCH OUT                each case resized or turned upright, the bytes in OUT
 *   safelight-core answers SPEC BATCH             each vector of probabilities as an answer
 *   safelight-core threads SPEC                   several threads share a spec
 *   safelight-core bench …                        see photos.c
 *   safelight-core --spec spec.json --model model.tflite [--precision fp32] --pixels IMAGE.rgb W H …
 *                                                 probabilities and answers of raw RGB photos
 */
#include <stdlib.h>
#include <string.h>

#include "test.h"

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "spec") == 0 && argc == 3) return dump_specs(argv[2]);
  if (strcmp(what, "exif") == 0 && argc == 3) return read_exif(argv[2]);
  if (strcmp(what, "cases") == 0 && argc == 4) return run_cases(argv[2], argv[3]);
  if (strcmp(what, "answers") == 0 && argc == 4) return give_answers(argv[2], argv[3]);
  if (strcmp(what, "threads") == 0 && argc == 3) return share_among_threads(argv[2]);
  if (strcmp(what, "bench") == 0) return bench(argc - 2, argv + 2);
  if (strncmp(what, "--", 2) == 0) return classify_photos(argc - 1, argv + 1);
  fail("usage", "see the top of test/main.c");
  return 2;
}

void fail(const char *what, const char *detail) {
  fprintf(stderr, "safelight-core: %s: %s\n", what, detail);
  exit(2);
}

bytes read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("can't open", path);
  const long length = ftell(file);
  rewind(file);
  bytes read = {malloc((size_t)length + 1), (size_t)length};
  if (read.data == NULL || fread(read.data, 1, read.count, file) != read.count) fail("can't read", path);
  fclose(file);
  return read;
}

bytes next_record(bytes *batch) {
  if (batch->count < 4) return (bytes){NULL, 0};
  const uint8_t *head = batch->data;
  const size_t count = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
  if (count > batch->count - 4) fail("a batch", "ends inside a record");
  const bytes record = {batch->data + 4, count};
  batch->data += 4 + count;
  batch->count -= 4 + count;
  return record;
}

void print_text(const char *text, size_t count) {
  putchar('"');
  for (size_t i = 0; i < count; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == '"' || text[i] == '\\')
      printf("\\u%04x", (unsigned)(unsigned char)text[i]);
    else
      putchar(text[i]);
  putchar('"');
}

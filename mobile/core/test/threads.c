/* Several threads at work on one spec, each with its own resizer, for the thread sanitizer. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "safelight.h"
#include "test.h"

enum { THREADS = 4, ROUNDS = 20, WIDTH = 300, HEIGHT = 200 };

typedef struct job {
  const safelight_spec *spec;
  const safelight_photo *photo;
  uint8_t *result;
  size_t bytes;
} job;

static void *work(void *given) {
  const job *one = given;
  safelight_resizer *resizer;
  if (safelight_resizer_create(one->spec, WIDTH, &resizer, NULL, 0) != SAFELIGHT_OK) return NULL;
  for (int i = 0; i < ROUNDS; i++) {
    float probabilities[64] = {0};
    probabilities[i % safelight_spec_label_count(one->spec)] = 1;
    safelight_answer answer;
    char text[64];
    if (safelight_resize(resizer, one->photo, one->result) == SAFELIGHT_OK &&
        safelight_answer_to(one->spec, probabilities, safelight_spec_label_count(one->spec), &answer) == SAFELIGHT_OK)
      safelight_say(one->spec, &answer, "en", text, sizeof text);
  }
  safelight_resizer_free(resizer);
  return given;
}

int share_among_threads(const char *path) {
  const bytes json = read_file(path);
  safelight_spec *spec;
  char message[SAFELIGHT_MESSAGE_BYTES];
  if (safelight_spec_parse((const char *)json.data, json.count, &spec, message, sizeof message) != SAFELIGHT_OK) fail(path, message);
  static uint8_t pixels[WIDTH * HEIGHT * 4];
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * i >> 7);
  const safelight_photo photo = {pixels, WIDTH, HEIGHT, 4 * WIDTH, SAFELIGHT_RGBA, 6};
  const size_t side = (size_t)safelight_spec_size(spec);
  pthread_t threads[THREADS];
  job jobs[THREADS];
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (job){spec, &photo, calloc(side * side, 3), side * side * 3};
    if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0) fail("threads", "can't start");
  }
  for (int i = 0; i < THREADS; i++) {
    void *done;
    pthread_join(threads[i], &done);
    if (done == NULL || memcmp(jobs[i].result, jobs[0].result, jobs[0].bytes) != 0) fail("threads", "differ");
  }
  for (int i = 0; i < THREADS; i++) free(jobs[i].result);
  safelight_spec_free(spec);
  free(json.data);
  printf("%d threads agree\n", THREADS);
  return 0;
}

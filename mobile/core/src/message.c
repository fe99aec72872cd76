#include "message.h"

#include <stdio.h>

size_t sl_whole_characters(const char *text, size_t bytes) {
  while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80) bytes--;
  return bytes;
}

void sl_vtell(char *message, size_t bytes, const char *format, va_list values) {
  if (message == NULL || bytes == 0) return;
  int length = vsnprintf(message, bytes, format, values);
  if (length < 0) {
    message[0] = '\0';
    return;
  }
  if ((size_t)length < bytes) return;
  size_t end = bytes - 1; /* the last character may be cut in two: drop it unless it is ASCII */
  while (end > 0 && ((unsigned char)message[end - 1] & 0xC0) == 0x80) end--;
  if (end > 0 && ((unsigned char)message[end - 1] & 0x80)) end--;
  message[end] = '\0';
}

void sl_tell(char *message, size_t bytes, const char *format, ...) {
  va_list values;
  va_start(values, format);
  sl_vtell(message, bytes, format, values);
  va_end(values);
}

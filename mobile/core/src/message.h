/* Sentences for people who build apps, into buffers of any size. */
#ifndef SL_MESSAGE_H
#define SL_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__GNUC__)
#define SL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SL_PRINTF(text, first)
#endif

/* Format into `message`, which may be null; what doesn't fit is cut between two characters. */
void sl_tell(char *message, size_t bytes, const char *format, ...) SL_PRINTF(3, 4);
void sl_vtell(char *message, size_t bytes, const char *format, va_list values);

/* The most bytes, at most `bytes`, that end where a character of `text` ends. */
size_t sl_whole_characters(const char *text, size_t bytes);

#endif

/* Logs: one line each on standard error, `time=... level=... event=... key=value ...`.
 *
 * Values with spaces, quotes, '=', backslashes or anything but printable ASCII come out quoted and escaped (\n \r \t \"
 * \\ \xNN), empty ones as "", so that one event is always one line. A line is one write of at most 4096 bytes, so that
 * those of several processes do not mix; a longer one is cut and says so with "...".
 * Times are UTC with milliseconds. Never give a secret to a log call. */
#ifndef MUSTER_LOG_H
#define MUSTER_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Called once by main: the program's name stands in each line; lines below `least` are dropped. */
void log_open(const char *program, enum log_level least);

/* `event` is one word (snake_case). Then pairs of (const char *key, const char *value), ended by NULL.
 *     log_event(LOG_INFO, "window_sealed", "window_id", id, "groups", log_int(n), NULL); */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

struct log_pair {
	const char *key, *value; /* a value of NULL: the pair is left out */
};

/* The same for lines by the thousand, which may not make the loop wait: they leave together at the end of this turn of
 * it (log_queue.h), in their order among all lines. `pairs` ends with a NULL key. */
void log_event_soon(enum log_level level, const char *event, const struct log_pair *pairs);

/* Text of a number, in one of 16 rotating buffers: good for one log call, not to be kept. */
const char *log_int(long long value);

#endif

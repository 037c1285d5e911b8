/* Logs: the only place that writes to standard error while a program runs. */
#include "shared/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log_queue.h"

/* Several processes share one standard error, often a pipe: only writes of at most PIPE_BUF bytes come out whole. */
#define LINE_SIZE      PIPE_BUF
#define LINE_RESERVE   8 /* for the end of a line that is too long */
#define NUMBER_BUFFERS 16
#define NUMBER_SIZE    24

struct line {
	char text[LINE_SIZE];
	size_t length;
	bool full;   /* something did not fit: nothing more is added */
	bool quoted; /* inside a quoted value */
};

/* Who is speaking is known once, before anything else runs; each call carrying it would say the same. */
static struct {
	char tail[48]; /* " program=muster-api event=": what stands between level and event */
	size_t tail_length;
	enum log_level least;
} log_self = {" program=muster event=", sizeof(" program=muster event=") - 1, LOG_INFO};

void log_open(const char *program, enum log_level least)
{
	(void)snprintf(log_self.tail, sizeof(log_self.tail), " program=%.24s event=", program);
	log_self.tail_length = strlen(log_self.tail);
	log_self.least = least;
}

/* Adds bytes whole or not at all, so that no escape is cut in two. */
static void line_add(struct line *line, const char *bytes, size_t length)
{
	if (line->full || length > sizeof(line->text) - LINE_RESERVE - line->length) {
		line->full = true;
		return;
	}
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
}

/* The beginning of a line in the second that it was made for. Thousands of lines a second share it. */
static struct {
	int64_t second;
	char text[CLOCK_TEXT + 8];
	size_t length;
} log_time = {.second = -1};

/* The length of a value that may stand without quotes: one where nobody who splits the line at spaces and '=' can be
 * misled. 0 for any other. */
static size_t bare_length(const char *value)
{
	const char *c = value;

	while (*c > ' ' && *c <= '~' && *c != '"' && *c != '\\' && *c != '=')
		c++;
	return *c ? 0 : (size_t)(c - value);
}

/* Adds one character of a quoted value. Everything outside printable ASCII is escaped: what comes from a broker or a
 * client must not be able to speak to the terminal of whoever reads the log. */
static void line_add_escaped(struct line *line, char c)
{
	static const char plain[] = "\n\r\t\"\\";
	static const char letters[] = "nrt\"\\";
	const char *special = strchr(plain, c);
	char escape[5];

	if (special) {
		escape[0] = '\\';
		escape[1] = letters[special - plain];
		line_add(line, escape, 2);
	} else if (c < ' ' || c > '~') {
		(void)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)(unsigned char)c);
		line_add(line, escape, 4);
	} else {
		line_add(line, &c, 1);
	}
}

/* Adds a value between quotes, as much of it as fits. */
static void line_add_quoted(struct line *line, const char *value)
{
	line_add(line, "\"", 1);
	line->quoted = !line->full;
	for (const char *c = value; *c && !line->full; c++)
		line_add_escaped(line, *c);
	line_add(line, "\"", 1);
	line->quoted = line->quoted && line->full;
}

/* Adds " key=value"; a long value is cut, a key whose value cannot even begin is left out. */
static void line_add_pair(struct line *line, const char *key, const char *value)
{
	size_t start = line->length;
	size_t length = bare_length(value);

	if (line->full)
		return;
	line_add(line, " ", 1);
	line_add(line, key, strlen(key));
	line_add(line, "=", 1);
	if (length > 0 && length < LINE_SIZE / 4)
		line_add(line, value, length);
	else
		line_add_quoted(line, value);
	if (line->full && !line->quoted)
		line->length = start;
}

/* Ends the line; one that was cut says so. */
static void line_end(struct line *line)
{
	const char *end = !line->full ? "\n" : line->quoted ? "...\"\n" : " ...\n";
	size_t length = strlen(end);

	memcpy(line->text + line->length, end, length); /* LINE_RESERVE kept room for it */
	line->length += length;
}

/* "time=2026-11-22T13:20:00.123Z": always with milliseconds, so that the columns of a log stand under each other. */
static void line_add_time(struct line *line)
{
	int64_t now_ms = clock_wall_ms();
	int thousandths = (int)(now_ms % 1000);
	char text[CLOCK_TEXT];
	const char fraction[] = {(char)('0' + thousandths / 100), (char)('0' + thousandths / 10 % 10),
				 (char)('0' + thousandths % 10), 'Z'};

	if (now_ms / 1000 != log_time.second) {
		log_time.second = now_ms / 1000;
		clock_format(now_ms - thousandths, text);
		text[strlen(text) - 1] = '.';
		log_time.length = (size_t)snprintf(log_time.text, sizeof(log_time.text), "time=%s", text);
	}
	line_add(line, log_time.text, log_time.length);
	line_add(line, fraction, sizeof(fraction));
}

/* Writes the line at once. A standard error that cannot take it is no reason to stop trading: the line is lost. */
static void line_write(const struct line *line)
{
	size_t done = 0;

	while (done < line->length) {
		ssize_t wrote = write(STDERR_FILENO, line->text + done, line->length - done);

		if (wrote < 0 && errno != EINTR)
			return;
		if (wrote > 0)
			done += (size_t)wrote;
	}
}

/* What stands first in every line. */
static void line_begin(struct line *line, enum log_level level, const char *event)
{
	static const char *const levels[] = {" level=debug", " level=info", " level=warn", " level=error"};

	line->length = 0;
	line->full = line->quoted = false;
	line_add_time(line);
	line_add(line, levels[level], strlen(levels[level]));
	line_add(line, log_self.tail, log_self.tail_length);
	line_add(line, event, strlen(event));
}

void log_event(enum log_level level, const char *event, ...)
{
	struct line line;
	int errno_before = errno; /* a caller may log first and look at errno afterwards */
	va_list pairs;
	const char *key;

	if (level < log_self.least)
		return;
	log_queue_flush(); /* what came before stands before */
	line_begin(&line, level, event);
	va_start(pairs, event);
	while ((key = va_arg(pairs, const char *))) {
		const char *value = va_arg(pairs, const char *);
		line_add_pair(&line, key, value ? value : "");
	}
	va_end(pairs);
	line_end(&line);
	line_write(&line);
	errno = errno_before;
}

void log_event_soon(enum log_level level, const char *event, const struct log_pair *pairs)
{
	struct line line;
	int errno_before = errno;

	if (level < log_self.least)
		return;
	line_begin(&line, level, event);
	for (; pairs->key; pairs++)
		if (pairs->value)
			line_add_pair(&line, pairs->key, pairs->value);
	line_end(&line);
	if (!log_queue_put(line.text, line.length))
		line_write(&line);
	errno = errno_before;
}

const char *log_int(long long value)
{
	static _Thread_local char buffers[NUMBER_BUFFERS][NUMBER_SIZE];
	static _Thread_local unsigned next;
	char *buffer = buffers[next++ % NUMBER_BUFFERS];

	(void)snprintf(buffer, NUMBER_SIZE, "%lld", value);
	return buffer;
}

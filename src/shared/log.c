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
	char program[32];
	enum log_level least;
} log_self = {"muster", LOG_INFO};

void log_open(const char *program, enum log_level least)
{
	(void)snprintf(log_self.program, sizeof(log_self.program), "%s", program);
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

/* A value may stand without quotes only where nobody who splits the line at spaces and '=' can be misled. */
static bool is_bare(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"\\=", *c))
			return false;
	return *value != '\0';
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
	size_t length = strlen(value);

	if (line->full)
		return;
	line_add(line, " ", 1);
	line_add(line, key, strlen(key));
	line_add(line, "=", 1);
	if (length < LINE_SIZE / 4 && is_bare(value))
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
	char text[CLOCK_TEXT];
	char fraction[8];

	clock_format(now_ms - now_ms % 1000, text);
	(void)snprintf(fraction, sizeof(fraction), ".%03dZ", (int)(now_ms % 1000));
	line_add(line, "time=", 5);
	line_add(line, text, strlen(text) - 1);
	line_add(line, fraction, strlen(fraction));
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

void log_event(enum log_level level, const char *event, ...)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	struct line line = {.length = 0};
	int errno_before = errno; /* a caller may log first and look at errno afterwards */
	va_list pairs;
	const char *key;

	if (level < log_self.least)
		return;
	line_add_time(&line);
	line_add_pair(&line, "level", levels[level]);
	line_add_pair(&line, "program", log_self.program);
	line_add_pair(&line, "event", event);
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

const char *log_int(long long value)
{
	static _Thread_local char buffers[NUMBER_BUFFERS][NUMBER_SIZE];
	static _Thread_local unsigned next;
	char *buffer = buffers[next++ % NUMBER_BUFFERS];

	(void)snprintf(buffer, NUMBER_SIZE, "%lld", value);
	return buffer;
}

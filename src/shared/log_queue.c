/* The log's lines by the thousand. A write for each cost 3 % of what the API can take; of a whole turn of the loop,
 * which answers up to 64 requests, it is nearly nothing. */
#include "shared/log_queue.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/log.h"

#define QUEUE_SIZE  ((size_t)1024 * 1024)
#define AGAIN_MS    10
#define END_MOST_MS 1000

/* As with who is speaking (log.c): there is one standard error, and handing this down to each line's caller would say
 * nothing. */
static struct {
	struct event *flush; /* NULL: there is no queue */
	char *lines;
	size_t length;
	long long lost;
} queue;

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = {0, AGAIN_MS * 1000};

	(void)fd, (void)what, (void)arg;
	log_queue_flush();
	if (queue.length > 0)
		event_add(queue.flush, &again);
}

void log_queue_start(struct event_base *base)
{
	queue.flush = event_new(base, -1, 0, on_flush, NULL);
	queue.lines = malloc(QUEUE_SIZE);
	if (!queue.flush || !queue.lines)
		abort();
	queue.length = 0;
}

/* Whether a write of at most PIPE_BUF bytes would go through at once, now or within so long. */
static bool is_writable(int wait_ms)
{
	struct pollfd end = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&end, 1, wait_ms) > 0;
}

/* How many bytes to write next: a file takes all there is; elsewhere no more than comes out whole, and whole lines. */
static size_t next_piece(const char *lines, size_t length, bool is_file)
{
	const char *end;

	if (is_file || length <= PIPE_BUF)
		return length;
	end = memrchr(lines, '\n', PIPE_BUF);
	return end ? (size_t)(end - lines) + 1 : PIPE_BUF;
}

/* Writes what can be written, waiting for each piece no longer than so long. */
static void write_lines(int wait_ms)
{
	struct stat about;
	bool is_file = fstat(STDERR_FILENO, &about) == 0 && S_ISREG(about.st_mode);
	size_t done = 0;

	while (done < queue.length && (is_file || is_writable(wait_ms))) {
		ssize_t wrote = write(STDERR_FILENO, queue.lines + done,
				      next_piece(queue.lines + done, queue.length - done, is_file));

		if (wrote > 0)
			done += (size_t)wrote;
		else if (wrote < 0 && errno == EAGAIN)
			break;
		else if (wrote < 0 && errno != EINTR)
			done = queue.length; /* it takes nothing any more: no reason to stop trading */
	}
	queue.length -= done;
	memmove(queue.lines, queue.lines + done, queue.length);
}

void log_queue_flush(void)
{
	long long lost = queue.lost;

	if (queue.length > 0)
		write_lines(0);
	if (queue.length > 0 || lost == 0)
		return;
	queue.lost = 0;
	log_event(LOG_WARN, "log_lines_lost", "lines", log_int(lost), NULL);
}

bool log_queue_put(const char *line, size_t length)
{
	if (!queue.flush)
		return false;
	if (queue.length == 0)
		event_active(queue.flush, EV_TIMEOUT, 0);
	if (length > QUEUE_SIZE - queue.length)
		log_queue_flush();
	if (length > QUEUE_SIZE - queue.length) {
		queue.lost++;
		return true;
	}
	memcpy(queue.lines + queue.length, line, length);
	queue.length += length;
	return true;
}

void log_queue_end(void)
{
	if (!queue.flush)
		return;
	write_lines(END_MOST_MS);
	log_queue_flush();
	event_free(queue.flush);
	free(queue.lines);
	queue.flush = NULL;
	queue.lines = NULL;
	queue.length = 0;
}

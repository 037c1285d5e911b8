/* Lines of the log that wait for the end of this turn of the loop, to leave in one write. Only log.c and program.c use
 * it.
 *
 * Nobody waits for a standard error that takes nothing: then lines stay here, up to 1 MiB of them, and what is more is
 * counted and left out (`event=log_lines_lost lines=N` says so). A program that is killed takes along the lines of one
 * turn of its loop; an answer leaves in a later turn than the line about it. */
#ifndef MUSTER_LOG_QUEUE_H
#define MUSTER_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

void log_queue_start(struct event_base *base);
/* Writes what waits, for as long as a second where standard error is slow. Before the base is freed. */
void log_queue_end(void);

/* Takes a line, or counts it as lost; false where there is no queue. */
bool log_queue_put(const char *line, size_t length);

/* Writes what standard error takes without making us wait. */
void log_queue_flush(void);

#endif

/* What the three programs have in common: command line, configuration, event loop, signals, exit codes.
 *
 * Exit codes: 0 done or drained, 1 could not start or had to stop, 2 wrong command line or configuration. */
#ifndef MUSTER_PROGRAM_H
#define MUSTER_PROGRAM_H

#include <stdbool.h>

#include <event2/event.h>

#include "shared/calendars.h"
#include "shared/config.h"
#include "shared/err.h"

#define MUSTER_VERSION "0.1.0"

struct program;

struct program_hooks {
	const char *name;    /* "muster-api" */
	const char *purpose; /* one line for -h */
	/* Builds everything; false with `err` set ends the program with exit code 1. It then has freed what it built:
	 * `end` is not called. */
	bool (*start)(struct program *program, struct err *err);
	/* First SIGTERM or SIGINT: begin to drain; call program_stop when done. A second signal exits at once. */
	void (*drain)(struct program *program);
	/* After the loop has ended: free everything. */
	void (*end)(struct program *program);
	/* SIGHUP: read files again. NULL: SIGHUP ends the program, as anybody expects who closes its terminal. */
	void (*reload)(struct program *program);
	const char *usage; /* more lines for -h; NULL: none */
	bool uses_keys;	   /* of brokers; else the program does not keep them */
};

/* Parses -c FILE, -o section.key=value, -n, -h, -V, reads the configuration, runs the loop. Returns the exit code.
 * Secrets are taken out of the environment. */
int program_main(int argc, char **argv, const struct program_hooks *hooks);

/* No core files, and no other process of this user may look into this one: both would show the password and the keys.
 * program_main does it first of all; this is for programs without it. */
void program_forbid_dumps(void);

struct event_base *program_base(struct program *program);
const struct config *program_config(const struct program *program);
const struct calendars *program_calendars(const struct program *program);
void program_set_app(struct program *program, void *app);
void *program_app(struct program *program);

/* Ends the loop with this exit code once the running callback returns. The first code other than 0 stays. */
void program_stop(struct program *program, int exit_code);

#endif

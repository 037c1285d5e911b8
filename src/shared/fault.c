/* See fault.h. Nothing of this is in a build that is shipped: so it may keep the armed point in a global. */
#include "shared/fault.h"

#ifdef MUSTER_FAULTS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/log.h"

const struct fault_point fault_points[FAULT_COUNT] = {
#define X(constant, name, program, scene, passes, failing, what)                                                       \
	[FAULT_##constant] = {name, program, scene, passes, failing, what},
    FAULT_POINTS(X)
#undef X
};

static const char *const programs[] = {[FAULT_IN_API] = "muster-api", [FAULT_IN_WORKER] = "muster-worker"};

enum fault_kind { FAULT_KILL, FAULT_STOP, FAULT_ERROR, FAULT_KINDS };
static const char *const kinds[FAULT_KINDS] = {"kill", "stop", "error"};

static struct {
	enum fault_id id;
	enum fault_kind kind;
	unsigned long passings_left; /* 0: nothing is armed (any more) */
	char subject[64];	     /* "": any */
} armed;

/* The row of that name; FAULT_COUNT where there is none. */
static size_t find_point(const char *name)
{
	size_t id = 0;

	while (id < FAULT_COUNT && strcmp(fault_points[id].name, name) != 0)
		id++;
	return id;
}

/* The kind of that name; FAULT_KINDS where there is none. */
static size_t find_kind(const char *name)
{
	size_t kind = 0;

	while (kind < FAULT_KINDS && strcmp(kinds[kind], name) != 0)
		kind++;
	return kind;
}

/* What is wrong with a fault, or NULL; then it is armed. */
static const char *arm(const char *program, char *text)
{
	const char *name = strsep(&text, ":"), *number = strsep(&text, ":"), *word = strsep(&text, ":");
	size_t id = find_point(name), kind = word ? find_kind(word) : FAULT_KINDS;
	char *end = NULL;
	unsigned long passings = number && *number >= '1' && *number <= '9' ? strtoul(number, &end, 10) : 0;

	if (!word)
		return "it must be NAME:N:KIND or NAME:N:KIND:SUBJECT";
	if (id == FAULT_COUNT)
		return "there is no fault point of this name";
	if (strcmp(programs[fault_points[id].program], program) != 0)
		return "this fault point is in another program";
	if (passings == 0 || *end)
		return "N must be a whole number from 1 on";
	if (kind == FAULT_KINDS)
		return "KIND must be kill, stop or error";
	if (kind == FAULT_ERROR && fault_points[id].failing != FAULT_OR_ERROR)
		return "the step at this fault point cannot fail";
	armed.id = (enum fault_id)id;
	armed.kind = (enum fault_kind)kind;
	armed.passings_left = passings;
	(void)snprintf(armed.subject, sizeof armed.subject, "%s", text ? text : "");
	return NULL;
}

bool fault_arm(const char *program)
{
	const char *fault = getenv("MUSTER_FAULT"), *wrong;
	char *text;

	if (!fault)
		return true;
	text = strdup(fault);
	if (!text)
		abort();
	wrong = arm(program, text);
	if (wrong)
		(void)fprintf(stderr, "%s: MUSTER_FAULT=%s: %s\n", program, fault, wrong);
	free(text);
	return !wrong;
}

bool fault_pass(enum fault_id id, const char *subject)
{
	if (armed.passings_left == 0 || armed.id != id ||
	    (armed.subject[0] && strcmp(armed.subject, subject ? subject : "") != 0) || --armed.passings_left > 0)
		return false;
	log_event(LOG_WARN, "fault", "point", fault_points[id].name, "kind", kinds[armed.kind], "subject",
		  subject ? subject : "", NULL);
	if (armed.kind == FAULT_KILL)
		(void)raise(SIGKILL);
	if (armed.kind == FAULT_STOP)
		(void)raise(SIGSTOP);
	return armed.kind == FAULT_ERROR;
}

const struct err *fault_error(void)
{
	static const struct err lost = {ERR_OUTCOME_UNKNOWN, "a fault that was asked for: the reply is lost"};

	return &lost;
}

#endif

/* Runs the steps that tests of scripts are written in. */
#include "tests/support/script_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/keyspace_change.h"

/* Whether they are the same, "*" being any one word. */
static bool reply_matches(const char *expected, const char *actual)
{
	for (; *expected; expected++) {
		if (*expected == '*') {
			actual += strcspn(actual, " ]");
			continue;
		}
		if (*expected != *actual++)
			return false;
	}
	return !*actual;
}

void script_case_run(struct keyspace *keyspace, const struct script_case *step)
{
	char what[128];
	const char *reply;

	keyspace_call(keyspace, step->script, step->args);
	reply = keyspace_reply_text(keyspace);
	if (keyspace_reply(keyspace)->type == REDIS_REPLY_ERROR && (!step->reply || *step->reply != '!'))
		fail_msg("%s: %s: %s", step->where, script_get(step->script)->name, keyspace_reply(keyspace)->str);
	if (step->reply && !reply_matches(step->reply, reply))
		fail_msg("%s: %s answers\n  %s\ninstead of\n  %s", step->where, script_get(step->script)->name, reply,
			 step->reply);
	(void)snprintf(what, sizeof what, "what %s changes", script_get(step->script)->name);
	if (step->change)
		change_expect(what, step->where, step->change, keyspace_change(keyspace));
}

void script_case_expect_all(struct keyspace *keyspace, const char *where, const char *text)
{
	char *actual = keyspace_text(keyspace);

	change_expect("the keyspace", where, text, actual);
	free(actual);
}

#define WAY(name, args)                                                                                                \
	{                                                                                                              \
		SCRIPT_CASE_WHERE, SCRIPT_##name, args, NULL, NULL                                                     \
	}
/* How each stage is reached from the one before. */
static const struct {
	enum stage stage;
	struct script_case step;
} way[] = {
    {STAGE_QUEUED, WAY(OPEN, "test")},
    {STAGE_QUEUED, WAY(ENQUEUE, ENQUEUE_LANES "3" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "bob", "50")
				    ENQUEUE_ONE("q3", "carol", "75"))},
    {STAGE_SEALED, WAY(PROCESS, "window-<due>")},
    {STAGE_SEALED, WAY(SEAL, "100|<retention>")},
    {STAGE_CLAIMED, WAY(CLAIM, CLAIM_AS("11"))},
    {STAGE_PLANNED, WAY(PLAN, "<b1>|1|<lease>|225|1")},
    {STAGE_SUBMITTING, WAY(GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1")},
    {STAGE_WORKING, WAY(RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|2|status|acked|broker_order_id|B1")},
    {STAGE_CLOSING, WAY(FILLS, "<b1>|1|F1|muster-test-<b1>-1 225 190 1700000000000")},
    {STAGE_CLOSING, WAY(CLOSE, "<b1>|1|<lease>|225|190|42750|0|filled||0.01")},
    {STAGE_ALLOCATED, WAY(ALLOCATE, "<b1>|1|<lease>|0|<retention>|q1-0|filled|100|19000|0|q2-0|filled|50|9500|0|"
				    "q3-0|filled|75|14250|0")},
    {STAGE_FINISHED, WAY(FINISH, "<b1>|1|<retention>|0|0|0")},
};

void script_case_reach(struct keyspace *keyspace, enum stage stage)
{
	for (size_t i = 0; i < sizeof way / sizeof way[0] && way[i].stage <= stage; i++)
		script_case_run(keyspace, &way[i].step);
}

int script_case_setup_group(void **state)
{
	*state = keyspace_new(NULL);
	return 0;
}

int script_case_teardown_group(void **state)
{
	keyspace_free(*state);
	return 0;
}

int script_case_setup(void **state)
{
	keyspace_reset(*state);
	return 0;
}

/* Old claims must not write, and no script acts on a block in a status that is not its own: each script that changes a
 * claimed block, at each stage of a block's life, with the newest claim and with the one before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define FENCED_MAX 256

/* What each script says to the holder of the newest claim, at each stage from STAGE_CLAIMED on. "-" stands for what it
 * says to others. */
static const struct fenced {
	enum script_id script;
	const char *args; /* "#": the fence, a digit */
	const char *refused;
	const char *answers[STAGE_FINISHED - STAGE_CLAIMED + 1];
} fenced[] = {
    {SCRIPT_PLAN, "<b1>|#|<lease>|225|1", "[stale]", {"[planned muster-test-<b1>-1]", "-", "-", "-", "-", "-", "-"}},
    {SCRIPT_GATE,
     "<b1>|#|<lease>|<wait>|0|muster-test-<b1>-1",
     "[stale]",
     {"-", "[go muster-test-<b1>-1]", "[go muster-test-<b1>-1]", "-", "-", "-", "-"}},
    {SCRIPT_RECORD,
     "<b1>|#|<lease>||1|muster-test-<b1>-1|1|status|acked",
     "[stale]",
     {"-", "-", "[recorded working]", "[recorded working]", "-", "-", "-"}},
    {SCRIPT_FILLS,
     "<b1>|#|F9|muster-test-<b1>-1 1 190 1700000000000",
     "[stale]",
     {"-", "-", "[stored 1]", "[stored 1]", "-", "-", "-"}},
    {SCRIPT_CLOSE,
     "<b1>|#|<lease>|225|190|42750|0|filled||0.01",
     "[stale]",
     {"-", "-", "[closing]", "[closing]", "-", "-", "-"}},
    {SCRIPT_ALLOCATE,
     "<b1>|#|<lease>|0|<retention>|q1-0|filled|100|19000|0",
     "[stale]",
     {"-", "-", "-", "-", "[allocated 1]", "[cursor 3]", "-"}},
    {SCRIPT_FINISH,
     "<b1>|#|<retention>|0|0|0",
     "[stale]",
     {"-", "-", "-", "-", "[cursor 0]", "[finished allocated * *]", "-"}},
    {SCRIPT_REVIEW,
     "<b1>|#|odd|",
     "[stale]",
     {"[needs_review]", "[needs_review]", "[needs_review]", "[needs_review]", "[needs_review]", "[needs_review]", "-"}},
    {SCRIPT_RENEW, "<lease>|<b1>|#", "[0]", {"[1]", "[1]", "[1]", "[1]", "[1]", "[1]", "-"}},
    {SCRIPT_RELEASE, "0|<b1>|#", "0", {"1", "1", "1", "1", "1", "1", "-"}},
};

/* Runs the script with this fence and expects the answer; a refusal must write nothing. */
static void expect(struct keyspace *ks, const struct fenced *row, int fence, const char *answer)
{
	char args[FENCED_MAX], where[128];
	bool is_refusal = strcmp(answer, "-") == 0 || strncmp(answer, "[cursor", 7) == 0;

	(void)snprintf(args, sizeof args, "%s", row->args);
	*strchr(args, '#') = (char)('0' + fence);
	(void)snprintf(where, sizeof where, "%s with fence %d", script_get(row->script)->name, fence);
	script_case_run(ks, &(struct script_case){where, row->script, args, *answer == '-' ? row->refused : answer,
						  is_refusal ? "" : NULL});
	if (!is_refusal)
		assert_string_not_equal(keyspace_change(ks), "");
}

/* A block at this stage that another worker has claimed since, with fence 2. A block that has ended has fence 1. */
static void reach_and_claim_again(struct keyspace *ks, int stage)
{
	keyspace_reset(ks);
	script_case_reach(ks, (enum stage)stage);
	if (stage == STAGE_FINISHED)
		return;
	GIVEN(ks, RELEASE, "0|<b1>|1");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	assert_string_equal(keyspace_value(ks, "block:<b1>", "fence"), "2");
}

static void old_fence_is_refused_at_every_stage(void **state)
{
	for (int stage = STAGE_CLAIMED; stage <= STAGE_FINISHED; stage++)
		for (size_t i = 0; i < sizeof fenced / sizeof fenced[0]; i++) {
			reach_and_claim_again(*state, stage);
			expect(*state, &fenced[i], stage == STAGE_FINISHED ? 0 : 1, "-");
		}
}

static void newest_fence_writes_only_at_the_stages_of_the_script(void **state)
{
	for (int stage = STAGE_CLAIMED; stage <= STAGE_FINISHED; stage++)
		for (size_t i = 0; i < sizeof fenced / sizeof fenced[0]; i++) {
			reach_and_claim_again(*state, stage);
			expect(*state, &fenced[i], stage == STAGE_FINISHED ? 1 : 2,
			       fenced[i].answers[stage - STAGE_CLAIMED]);
		}
}

static void unclaimed_block_has_no_holder(void **state)
{
	for (size_t i = 0; i < sizeof fenced / sizeof fenced[0]; i++) {
		keyspace_reset(*state);
		script_case_reach(*state, STAGE_QUEUED);
		expect(*state, &fenced[i], 0, "-");
		expect(*state, &fenced[i], 1, "-");
	}
}

static void released_block_is_not_renewed_or_released_again(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, RELEASE, "0|<b1>|1");
	STEP(ks, RENEW, "<lease>|<b1>|1", "[0]", "");
	STEP(ks, RELEASE, "0|<b1>|1", "0", "");
}

static void unknown_block_is_refused(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	STEP(ks, PLAN, "none|1|<lease>|1|1", "[stale]", "");
	STEP(ks, GATE, "none|1|<lease>|<wait>|0|muster-test-none-1", "[stale]", "");
	STEP(ks, RECORD, "none|1|<lease>||0", "[stale]", "");
	STEP(ks, FILLS, "none|1|F1|x", "[stale]", "");
	STEP(ks, CLOSE, "none|1|<lease>|0||0|0|unfilled||0.01", "[stale]", "");
	STEP(ks, ALLOCATE, "none|1|<lease>|0|<retention>|q1-0|unfilled|0|0|0", "[stale]", "");
	STEP(ks, FINISH, "none|1|<retention>|0|0|0", "[stale]", "");
	STEP(ks, REVIEW, "none|1|odd|", "[stale]", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(old_fence_is_refused_at_every_stage),
	    SCRIPT_TEST(newest_fence_writes_only_at_the_stages_of_the_script),
	    SCRIPT_TEST(unclaimed_block_has_no_holder),
	    SCRIPT_TEST(released_block_is_not_renewed_or_released_again),
	    SCRIPT_TEST(unknown_block_is_refused),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}

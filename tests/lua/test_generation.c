/* What a process remembers, held against what Redis has: whatever contradicts halts all trading once, and nothing else
 * does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define EMPTY	"Redis has lost its history: it is empty, and held deployment test"
#define NOTHING "||''|''"

/* Who remembers nothing learns what there is, and changes nothing. */
static void nothing_remembered_changes_nothing(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, GENERATION, "h1:11|''|0|0|0" NOTHING, "[known '' 0 0 0 * '']", "");
	script_case_reach(ks, STAGE_SEALED);
	STEP(ks, GENERATION, "h1:11|''|0|0|0" NOTHING, "[known test 0 1 0 * '']", "");
	STEP(ks, GENERATION, "h1:11|test|0|1|0|order:q3-0|user|''", "[known test 0 1 0 * '']", "");
}

/* Each contradiction, in a Redis of its own. */
static void what_contradicts_halts_all_trading(void **state)
{
	static const struct {
		const char *args, *word;
	} cases[] = {
	    {"h1:11|other|0|0|0" NOTHING, "deployment"},   {"h1:11|test|2|0|0" NOTHING, "generation"},
	    {"h1:11|test|0|9|0" NOTHING, "blocks"},	   {"h1:11|test|0|0|9" NOTHING, "windows"},
	    {"h1:11|test|0|0|0|order:q9-0|user|''", "q9"}, {"h1:11|test|0|0|0|block:<b1>|fence|9", "fence"},
	};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		keyspace_reset(ks);
		script_case_reach(ks, STAGE_CLAIMED);
		STEP(ks, GENERATION, cases[i].args, NULL, NULL);
		assert_non_null(strstr(keyspace_reply_text(ks), "lost"));
		assert_non_null(strstr(keyspace_value(ks, "halts", "all"), cases[i].word));
		assert_non_null(strstr(keyspace_value(ks, "halts", "all"), "\"code\":\"generation\""));
		assert_string_equal(keyspace_value(ks, "deployment", "generation"), i == 1 ? "3" : "1");
		assert_non_null(strstr(keyspace_change(ks), ">wake halt"));
	}
}

/* An empty Redis, and what exactly is written. Who notices later finds that it has been noticed; a person's word ends
 * it for both. */
static void an_empty_redis_halts_whoever_knew_it(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, GENERATION, "h1:11|test|0|5|2" NOTHING, "[lost '' 1 0 0 <now> '" EMPTY "']",
	     "+deployment hash - generation=1\n"
	     "+halts hash - all='{\"since\":<now>,\"code\":\"generation\",\"by\":\"h1:11\",\"reason\":\"" EMPTY "\"}'\n"
	     "+halts:log stream - <l1>=(event=halt scope=all code=generation by=h1:11 reason='" EMPTY "')\n"
	     ">wake halt\n>changes halt\n");
	STEP(ks, GENERATION, "h1:12|test|0|5|2" NOTHING, "[lost '' 1 0 0 * '" EMPTY "']", "");
	STEP(ks, GENERATION, "h1:13|''|0|0|0" NOTHING, "[lost '' 1 0 0 * '" EMPTY "']", "");
	GIVEN(ks, RESUME, "all|ann|seen|generation");
	STEP(ks, GENERATION, "h1:12|test|0|5|2" NOTHING, "[known '' 1 0 0 * '']", "");
}

/* Halts that stand are no obstacle: an operator's gives way, one that awaits a person stays with its reason, and one
 * that nobody can read does not keep programs from starting. */
static void other_halts_do_not_hide_it(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "all|operator|ann|a drill");
	STEP(ks, GENERATION, "h1:11|''|0|0|0" NOTHING, "[known '' 0 0 0 * '']", "");
	STEP(ks, GENERATION, "h1:11|test|0|0|0" NOTHING, "[lost '' 1 0 0 * '" EMPTY "']", NULL);
	STEP(ks, GENERATION, "h1:11|more|5|0|0" NOTHING, "[lost '' 6 0 0 * '" EMPTY "']",
	     "~deployment generation=6\n"
	     "~halts:log <l3>=(event=halt scope=all code=generation by=h1:11 reason='Redis has lost its history: it is "
	     "empty, and held deployment more')\n"
	     ">changes halt\n");
	keyspace_command(ks, "HSET muster:{0}:halts all 5");
	STEP(ks, GENERATION, "h1:11|''|0|0|0" NOTHING, "[known '' 6 0 0 * '']", "");
}

/* Orders that a broker shows: those that Redis sent are known. */
static void orders_of_ours_are_no_strangers(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	STEP(ks, STRANGERS, "h1:11|paper|''", "[known]", "");
	STEP(ks, STRANGERS, "h1:11|paper|''|muster-test-<b1>-1|<now>", "[known]", "");
}

/* One look is no proof: the same one must be there in the next. */
static void a_stranger_is_looked_at_twice(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	STEP(ks, STRANGERS, "h1:11|paper|''|muster-test-x-1|60|muster-test-y-1|50", "[suspects 2 muster-test-x-1]", "");
	STEP(ks, STRANGERS, "h1:11|paper|muster-test-x-1|muster-test-<b1>-1|60", "[known]", "");
	STEP(ks, STRANGERS, "h1:11|paper|muster-test-x-1|muster-test-z-1|60", "[suspects 1 muster-test-z-1]", "");
	STEP(ks, STRANGERS, "h1:11|paper|muster-test-z-1|muster-test-z-1|60", "[strangers 1 muster-test-z-1]", NULL);
	STEP(ks, STRANGERS, "h1:11|paper|''|muster-test-v-1|61", "[strangers 1 muster-test-v-1]", NULL);
}

/* Others halt all trading, once: of this deployment up to the newest, of another one all. */
static void strangers_halt_all_trading_once(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	STEP(ks, STRANGERS,
	     "h1:11|paper|muster-test-x-1|muster-test-<b1>-1|50|muster-test-x-1|60|muster-old-y-1|70|muster-old-z-1|65",
	     "[strangers 3 muster-test-x-1]",
	     "~deployment asked:paper:old=70 asked:paper:test=60 generation=1\n"
	     "+halts hash - all='{\"since\":<now>,\"code\":\"generation\",\"by\":\"h1:11\",\"reason\":\"Redis does not "
	     "know 3 "
	     "orders that the broker paper shows, such as muster-test-x-1\"}'\n"
	     "+halts:log stream - <l1>=(event=halt scope=all code=generation by=h1:11 reason='Redis does not know 3 "
	     "orders "
	     "that the broker paper shows, such as muster-test-x-1')\n"
	     ">wake halt\n>changes halt\n");
	GIVEN(ks, RESUME, "all|ann|seen|generation");
	STEP(ks, STRANGERS, "h1:11|paper|muster-test-x-1|muster-test-x-1|60|muster-old-y-1|70|muster-old-new-1|900",
	     "[known]", "");
	STEP(ks, STRANGERS, "h1:11|other|muster-old-y-1|muster-old-y-1|70", "[strangers 1 muster-old-y-1]", NULL);
	STEP(ks, STRANGERS, "h1:11|paper|muster-test-w-1|muster-test-w-1|61", "[strangers 1 muster-test-w-1]", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(nothing_remembered_changes_nothing),   SCRIPT_TEST(what_contradicts_halts_all_trading),
	    SCRIPT_TEST(an_empty_redis_halts_whoever_knew_it), SCRIPT_TEST(other_halts_do_not_hide_it),
	    SCRIPT_TEST(orders_of_ours_are_no_strangers),      SCRIPT_TEST(a_stranger_is_looked_at_twice),
	    SCRIPT_TEST(strangers_halt_all_trading_once),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}

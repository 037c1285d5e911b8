/* The kill switch: what a halt and a resume write, and that neither undoes what somebody else meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define HALT_OF(code, by, reason) "{\"since\":<then>,\"code\":\"" code "\",\"by\":\"" by "\",\"reason\":\"" reason "\"}"

static void halt_is_written_with_who_and_why(void **state)
{
	struct keyspace *ks = *state;

	STEP(
	    ks, HALT, "all|operator|ann|prices \"look\" wrong", "[halted *]",
	    "+halts hash - all='{\"since\":<now>,\"code\":\"operator\",\"by\":\"ann\",\"reason\":\"prices \\\"look\\\" "
	    "wrong\"}'\n"
	    "+halts:log stream - <l1>=(event=halt scope=all code=operator by=ann reason='prices \"look\" wrong')\n"
	    ">wake halt\n");
}

static void second_halt_changes_nothing_and_shows_the_first(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "paper|operator|ann|one");
	STEP(ks, HALT, "paper|operator|bob|two", "[already " HALT_OF("operator", "ann", "one") "]", "");
	STEP(ks, HALT, "paper|credentials|h1:11|refused", "[already " HALT_OF("operator", "ann", "one") "]", "");
	STEP(ks, HALT, "all|operator|bob|two", "[halted *]",
	     "~halts all={\"since\":<now>,\"code\":\"operator\",\"by\":\"bob\",\"reason\":\"two\"}\n"
	     "~halts:log <l2>=(event=halt scope=all code=operator by=bob reason=two)\n"
	     ">wake halt\n");
}

static void graver_halt_takes_the_place_of_another(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "all|operator|ann|one");
	STEP(ks, HALT, "all|generation|h1:11|other-data", "[halted *]",
	     "~halts all={\"since\":<now>,\"code\":\"generation\",\"by\":\"h1:11\",\"reason\":\"other-data\"}\n"
	     "~halts:log <l2>=(event=halt scope=all code=generation by=h1:11 reason=other-data)\n"
	     ">wake halt\n");
	STEP(ks, HALT, "all|generation|h1:12|other-data", "[already " HALT_OF("generation", "h1:11", "other-data") "]",
	     "");
	STEP(ks, HALT, "all|operator|ann|two", "[already " HALT_OF("generation", "h1:11", "other-data") "]", "");
}

static void resume_ends_one_halt_and_leaves_the_others(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "paper|operator|ann|one");
	GIVEN(ks, HALT, "other|credentials|h1:11|two");
	STEP(ks, RESUME, "paper|bob|fixed|''", "[resumed paper]",
	     "~halts -paper\n"
	     "~halts:log <l3>=(event=resume scope=paper code=operator by=bob reason=fixed)\n"
	     ">wake resume\n");
	STEP(ks, RESUME, "paper|bob|fixed|''", "[not_halted]", "");
	STEP(ks, RESUME, "other|bob|new key|''", "[resumed other]",
	     "-halts\n"
	     "~halts:log <l4>=(event=resume scope=other code=credentials by=bob reason='new key')\n"
	     ">wake resume\n");
}

static void resume_of_all_ends_every_halt(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, RESUME, "all|bob|fixed|''", "[not_halted]", "");
	GIVEN(ks, HALT, "paper|operator|ann|one");
	GIVEN(ks, HALT, "all|operator|ann|two");
	STEP(ks, RESUME, "all|bob|fixed|''", "[resumed all paper]",
	     "-halts\n"
	     "~halts:log <l3>=(event=resume scope=all code=operator by=bob reason=fixed)\n"
	     "\t<l4>=(event=resume scope=paper code=operator by=bob reason=fixed)\n"
	     ">wake resume\n");
}

static void halt_of_one_broker_is_not_resumed_through_all(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "all|operator|ann|one");
	STEP(ks, RESUME, "paper|bob|fixed|''", "[not_halted]", "");
}

static void halt_that_must_be_confirmed_is_not_resumed_by_the_way(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, HALT, "paper|operator|ann|one");
	GIVEN(ks, HALT, "all|generation|h1:11|other-data");
	STEP(ks, RESUME, "all|bob|fixed|''", "[unconfirmed all generation]", "");
	STEP(ks, RESUME, "all|bob|fixed|operator", "[unconfirmed all generation]", "");
	STEP(ks, RESUME, "all|bob|seen|generation", "[resumed all paper]",
	     "-halts\n"
	     "~halts:log <l3>=(event=resume scope=all code=generation by=bob reason=seen)\n"
	     "\t<l4>=(event=resume scope=paper code=operator by=bob reason=seen)\n"
	     ">wake resume\n");
}

static void halt_written_by_hand_is_one_and_can_be_ended(void **state)
{
	static const char *const texts[] = {"{}", "x", "[1]", "7", "{\"code\":9}", "stop!"};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char command[96];

		(void)snprintf(command, sizeof command, "HSET muster:{0}:halts all %s", texts[i]);
		keyspace_command(ks, command);
		GIVEN(ks, HALT, "all|operator|ann|again");
		assert_string_equal(keyspace_value(ks, "halts", "all"), texts[i]);
		STEP(ks, RESUME, "all|bob|fixed|''", "[resumed all]", NULL);
		assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:halts"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(halt_is_written_with_who_and_why),
	    SCRIPT_TEST(second_halt_changes_nothing_and_shows_the_first),
	    SCRIPT_TEST(graver_halt_takes_the_place_of_another),
	    SCRIPT_TEST(resume_ends_one_halt_and_leaves_the_others),
	    SCRIPT_TEST(resume_of_all_ends_every_halt),
	    SCRIPT_TEST(halt_of_one_broker_is_not_resumed_through_all),
	    SCRIPT_TEST(halt_that_must_be_confirmed_is_not_resumed_by_the_way),
	    SCRIPT_TEST(halt_written_by_hand_is_one_and_can_be_ended),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}

/* How tests of scripts are written: each step runs one script and says what it answers and all that it changes.
 *
 *     STEP(ks, RELEASE, "0|<b1>|1", "1",
 *          "~block:<b1> worker=''\n"
 *          "~blocks <b1>=<now>\n"
 *          ">wake released\n");
 *
 * What is not listed must be as it was, to the last byte; so "" says that nothing was written. In replies, "*" stands
 * for any one word. */
#ifndef MUSTER_TEST_SCRIPT_CASE_H
#define MUSTER_TEST_SCRIPT_CASE_H

#include "tests/support/keyspace.h"

struct script_case {
	const char *where; /* file and line */
	enum script_id script;
	const char *args;
	const char *reply;  /* NULL: any but an error */
	const char *change; /* NULL: any */
};

/* Fails the running test where the script does something else. */
void script_case_run(struct keyspace *keyspace, const struct script_case *step);

#define SCRIPT_CASE_TEXT_(x) #x
#define SCRIPT_CASE_TEXT(x)  SCRIPT_CASE_TEXT_(x)
#define SCRIPT_CASE_WHERE    __FILE__ ":" SCRIPT_CASE_TEXT(__LINE__)
#define STEP(keyspace, name, args, reply, change)                                                                      \
	script_case_run(keyspace, &(struct script_case){SCRIPT_CASE_WHERE, SCRIPT_##name, args, reply, change})
/* A step that only leads to what is tested. */
#define GIVEN(keyspace, name, args) STEP(keyspace, name, args, NULL, NULL)

/* The whole keyspace. */
#define KEYSPACE_IS(keyspace, text) script_case_expect_all(keyspace, SCRIPT_CASE_WHERE, text)
void script_case_expect_all(struct keyspace *keyspace, const char *where, const char *text);

/* The founding scenario: alice (q1-0), bob (q2-0) and carol (q3-0) buy 100, 50 and 75 AAPL in one window; block <b1>.
 */
enum stage {
	STAGE_QUEUED,
	STAGE_SEALED,
	STAGE_CLAIMED, /* by h1:11, fence 1 */
	STAGE_PLANNED, /* muster-test-<b1>-1 */
	STAGE_SUBMITTING,
	STAGE_WORKING,
	STAGE_CLOSING,
	STAGE_ALLOCATED,
	STAGE_FINISHED,
	STAGE_COUNT
};
void script_case_reach(struct keyspace *keyspace, enum stage stage);

/* The words of the first arguments of enqueue (with slot 1 for the next window and 2 for urgent orders, both of a market
 * that is always open; its answer begins with QUEUED where orders went to slot 1 only, and with NOT_QUEUED where none
 * were stored), of one request of one order, and of a claim. */
#define ENQUEUE_OPTIONS			      "<grid>|<grid>|<grid>|60000|900000|30000|120000|"
#define ENQUEUE_LANES			      ENQUEUE_OPTIONS "2|window|next|||0|0|0|immediate|high|||0|0|0|"
#define QUEUED				      "stored [[window-<due> <due> window next] []] "
#define NOT_QUEUED			      "stored [[] []] "
#define ENQUEUE_ONE(queue_id, user, quantity) ENQUEUE_OF(queue_id, user, "AAPL buy paper 1 market", quantity)
#define ENQUEUE_OF(queue_id, user, signature, quantity)                                                                \
	"|" queue_id "|" user "|sc1|digest-" queue_id "|1 1|" signature "|" quantity
#define CLAIM_AS(pid) "h1:" pid "|<lease>|10|h1|" pid "|0|<then>|3"

/* cmocka fixtures: one Redis a program, empty for each test. */
int script_case_setup_group(void **state);
int script_case_teardown_group(void **state);
int script_case_setup(void **state);
#define SCRIPT_TEST(function) cmocka_unit_test_setup(function, script_case_setup)

#endif

/* Caps where orders are stored: how many a user sends within a minute, and the day's money at a broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define ONE(queue_id, user) ENQUEUE_ONE(queue_id, user, "1")
#define TWO(queue_id, user)                                                                                            \
	"|" queue_id "|" user "|sc1|digest-" queue_id "|2 1|AAPL buy paper 1 market|1|GE buy kite 1 "                  \
	"market|1"
#define PER_MIN(most)	     "|caps " most
#define DAY(days, worth)     "|caps 0 " days worth
#define BULK_OF(total, more) "bq|d1|" total "|1|0|<abandon>|<retention>|''|''" more
#define BULK_ORDER(user)     "|" user "|sc1|GE buy paper 1 market|1|''"

/* The word of the reply to the `i`-th request; a number says that it is queued. */
static const char *said(struct keyspace *ks, size_t i)
{
	const redisReply *reply = keyspace_reply(ks)->element[2 + i];

	return reply->type == REDIS_REPLY_INTEGER ? "queued" : reply->element[0]->str;
}

/* The number in the reply to the `i`-th request: which of its orders broke a cap. */
static long long which(struct keyspace *ks, size_t i)
{
	return keyspace_reply(ks)->element[2 + i]->element[1]->integer;
}

/* "notional:BROKER:" of today. */
static const char *day_key(struct keyspace *ks, const char *broker)
{
	static char key[64];

	(void)snprintf(key, sizeof key, "notional:%s:%lld", broker, (long long)(keyspace_time_us(ks) / 86400000000));
	return key;
}

static void refused_request_writes_nothing(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" TWO("q1", "alice") PER_MIN("1"),
	     "[" NOT_QUEUED "[over_cap -1 '0 orders came from the user within 60 s; with 2 more they are more than "
	     "caps.orders_per_min_per_user (1)']]",
	     "");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q1", "alice") DAY("paper=18999", "\npaper 19000"),
	     "[" NOT_QUEUED "[over_cap 0 'with it orders of 190.00 would be accepted for paper today, more than its "
	     "max_daily_notional (189.99)']]",
	     "");
}

static void users_orders_of_the_last_minute_count(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "4" ONE("q1", "alice") ONE("q2", "alice") ONE("q3", "alice") ONE("q4", "bob") PER_MIN("2"));
	assert_string_equal(said(ks, 0), "queued");
	assert_string_equal(said(ks, 1), "queued");
	assert_string_equal(said(ks, 2), "over_cap");
	assert_string_equal(said(ks, 3), "queued");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q5", "alice") PER_MIN("2"));
	assert_string_equal(said(ks, 0), "over_cap");
	/* A minute later it is forgotten: any 60 seconds count, not those of the clock. */
	keyspace_command(ks, "ZADD muster:{0}:user:alice:orders XX 1 q1-0");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q5", "alice") PER_MIN("2"));
	assert_string_equal(said(ks, 0), "queued");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q6", "alice"));
	assert_string_equal(said(ks, 0), "queued"); /* no cap, no count */
}

static void replay_is_answered_whatever_the_caps(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q1", "alice") PER_MIN("1"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q1", "alice") PER_MIN("1"), "[" NOT_QUEUED "[replayed]]", "");
}

static void money_of_the_day_adds_up_over_calls(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" TWO("q1", "alice") ONE("q2", "bob")
		  DAY("paper=30000 kite=500", "\npaper 19000\nkite 500\npaper 11001"));
	assert_string_equal(said(ks, 0), "queued");
	assert_string_equal(said(ks, 1), "over_cap");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "19000");
	assert_string_equal(keyspace_value(ks, day_key(ks, "kite"), "accepted_cents"), "500");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ONE("q2", "bob") DAY("paper=30000 kite=500", "\npaper 11000"));
	assert_string_equal(said(ks, 0), "queued");
	/* It is the second order that breaks a cap, and none of the request counts. */
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" TWO("q3", "carol") DAY("paper=90000 kite=500", "\npaper 1\nkite 1"));
	assert_string_equal(said(ks, 0), "over_cap");
	assert_int_equal(which(ks, 0), 1);
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "30000");
}

static void broker_without_a_cap_is_not_counted(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" TWO("q1", "alice") DAY("kite=500", "\npaper 900000\nkite 400"));
	assert_string_equal(said(ks, 0), "queued");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "");
	assert_string_equal(keyspace_value(ks, "order:q1-0", "worth"), "");
}

static void cancellation_gives_back_what_it_counted_for(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ONE("q1", "alice") ONE("q2", "bob") DAY("paper=30000", "\npaper 19000\npaper 1000"));
	GIVEN(ks, CANCEL, "q1|<retention>|''");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "1000");
	GIVEN(ks, CANCEL, "q1|<retention>|''");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "1000");
	keyspace_command(ks, "HSET muster:{0}:order:q2-0 worth '7 paper 1000'"); /* of a day that is forgotten */
	GIVEN(ks, CANCEL, "q2|<retention>|''");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "1000");
	assert_string_equal(keyspace_value(ks, "notional:paper:7", "accepted_cents"), "");
}

static void bulk_order_over_a_cap_comes_back_rejected(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, BULK_OF("3", BULK_ORDER("alice") BULK_ORDER("alice") BULK_ORDER("bob")) PER_MIN("1"));
	assert_string_equal(keyspace_value(ks, "order:bq-0", "status"), "");
	assert_string_equal(keyspace_value(ks, "order:bq-1", "status"), "rejected");
	assert_string_equal(keyspace_value(ks, "order:bq-1", "reason"),
			    "over_cap: 1 orders came from the user within 60 s; with 1 more they are more than "
			    "caps.orders_per_min_per_user (1)");
	assert_string_equal(keyspace_value(ks, "order:bq-2", "status"), "");
	keyspace_reset(ks);
	GIVEN(ks, BULK,
	      BULK_OF("3", BULK_ORDER("alice") BULK_ORDER("bob") BULK_ORDER("carol"))
		  DAY("paper=100", "\npaper 60\npaper 60\npaper 40"));
	assert_string_equal(keyspace_value(ks, "order:bq-1", "status"), "rejected");
	assert_string_equal(keyspace_value(ks, "order:bq-2", "status"), "");
	assert_string_equal(keyspace_value(ks, day_key(ks, "paper"), "accepted_cents"), "100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(refused_request_writes_nothing),
	    SCRIPT_TEST(users_orders_of_the_last_minute_count),
	    SCRIPT_TEST(replay_is_answered_whatever_the_caps),
	    SCRIPT_TEST(money_of_the_day_adds_up_over_calls),
	    SCRIPT_TEST(broker_without_a_cap_is_not_counted),
	    SCRIPT_TEST(cancellation_gives_back_what_it_counted_for),
	    SCRIPT_TEST(bulk_order_over_a_cap_comes_back_rejected),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}

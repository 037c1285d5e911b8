/* What Redis holds becomes what the contract promises: field by field, in order, null where nothing is known. The
 * replies are read by hiredis from the wire form, as the programs get them. */
#include "api/block_view.h"
#include "api/order_view.h"
#include "api/view_json.h"
#include "api/window_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WIRE_SIZE 8192

/* A reply from a small notation: "[" opens an array, "]" closes it, every other word is a string; ~ is an empty one. */
struct wire {
	char text[WIRE_SIZE];
	size_t length;
};

/* Elements up to the closing bracket. */
static size_t count_elements(const char *words)
{
	size_t count = 0;
	int depth = 0;

	for (const char *at = words + strspn(words, " "); *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		if (*at == ']' && depth-- == 0)
			break;
		count += depth == 0 && *at != ']';
		depth += *at == '[';
	}
	return count;
}

/* Writes one string. */
static void wire_add_word(struct wire *wire, const char *word, size_t length)
{
	bool is_empty = length == 1 && *word == '~';
	size_t at;

	wire->length += (size_t)sprintf(wire->text + wire->length, "$%zu\r\n", is_empty ? 0 : length);
	for (at = 0; at < length && !is_empty; at++)
		wire->text[wire->length++] = word[at];
	wire->length += (size_t)sprintf(wire->text + wire->length, "\r\n");
}

/* The reply that the words stand for; freed by the caller. */
static redisReply *reply_of(const char *words)
{
	redisReader *reader = redisReaderCreate();
	struct wire *wire = calloc(1, sizeof *wire);
	void *reply = NULL;

	assert_non_null(wire);
	for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (*at == '[')
			wire->length += (size_t)sprintf(wire->text + wire->length, "*%zu\r\n", count_elements(at + 1));
		else if (*at != ']')
			wire_add_word(wire, at, length);
		at += length;
	}
	assert_int_equal(redisReaderFeed(reader, wire->text, wire->length), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
	assert_non_null(reply);
	redisReaderFree(reader);
	free(wire);
	return reply;
}

/* The view must be exactly this JSON, keys in this order. */
static void assert_json(json_t *take_view, const char *expected)
{
	char *text = json_dumps(take_view, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(take_view);
}

/* The view of an order given in words. */
static json_t *order_of(const char *words)
{
	redisReply *reply = reply_of(words);
	json_t *view = order_view(reply);

	freeReplyObject(reply);
	return view;
}

#define QUEUED_ORDER                                                                                                   \
	"[ order_id q-0 queue_id q user_id A smallcase_id sc1 symbol AAPL side buy broker_type paper order_type "      \
	"market "                                                                                                      \
	"limit_price ~ quantity 100 lane window execution_window 1795356900000 status queued filled_quantity 0 "       \
	"average_price ~ gross_amount 0 fee 0 block_id ~ reason ~ created_at 1795356610990 updated_at 1795356610990 "  \
	"window_id window-1795356900000 ]"

#define QUEUED_ORDER_JSON                                                                                              \
	"{\"order_id\":\"q-0\",\"queue_id\":\"q\",\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"symbol\":\"AAPL\","     \
	"\"side\":\"buy\",\"broker_type\":\"paper\",\"order_type\":\"market\",\"limit_price\":null,\"quantity\":"      \
	"\"100\","                                                                                                     \
	"\"lane\":\"window\",\"execution_window\":\"2026-11-22T14:15:00Z\",\"status\":\"queued\","                     \
	"\"filled_quantity\":\"0\",\"average_price\":null,\"gross_amount\":\"0\",\"fee\":\"0\",\"block_id\":null,"     \
	"\"reason\":null,\"created_at\":\"2026-11-22T14:10:10.990Z\",\"updated_at\":\"2026-11-22T14:10:10.990Z\","     \
	"\"window_id\":\"window-1795356900000\",\"why\":\"Nothing speaks against the next timed window.\"}"

#define FILLED_ORDER                                                                                                   \
	"[ order_id q-0 queue_id q user_id A smallcase_id sc1 symbol AAPL side buy broker_type paper order_type "      \
	"market "                                                                                                      \
	"limit_price ~ quantity 100 lane window execution_window 1795356900000 status partially_filled "               \
	"filled_quantity 40.5 average_price 190.25 gross_amount 7705.12 fee 0.5 block_id b-1 reason late "             \
	"created_at 1795356610990 updated_at 1795356999000 window_id window-1795356900000 ]"

static void an_order_has_the_contracts_fields_in_its_order(void **state)
{
	(void)state;
	assert_json(order_of(QUEUED_ORDER), QUEUED_ORDER_JSON);
	assert_null(order_of("[ ]"));
	assert_null(order_view(NULL));
}

static void the_order_of_fields_in_a_reply_does_not_matter(void **state)
{
	json_t *view = order_of("[ window_id w status filled order_id q-7 ]");
	(void)state;
	assert_string_equal(view_get_text(view, "order_id"), "q-7");
	assert_string_equal(view_get_text(view, "status"), "filled");
	assert_string_equal(view_get_text(view, "window_id"), "w");
	assert_true(json_is_null(json_object_get(view, "symbol")));
	assert_int_equal(json_object_size(view), 23);
	json_decref(view);
}

static void an_order_goes_back_to_how_it_was_first_answered(void **state)
{
	json_t *order = order_of(FILLED_ORDER);
	(void)state;
	assert_true(order_view_is_final(order));
	order_view_as_first_answered(order);
	assert_false(order_view_is_final(order));
	assert_json(order, QUEUED_ORDER_JSON);
}

static void one_rejected_on_arrival_stays_rejected_and_one_of_the_broker_does_not(void **state)
{
	json_t *arrival = order_of("[ order_id q-0 status rejected reason unknown_symbol block_id ~ ]");
	json_t *broker = order_of("[ order_id q-0 status rejected reason margin block_id b-1 ]");
	(void)state;
	order_view_as_first_answered(arrival);
	order_view_as_first_answered(broker);
	assert_string_equal(view_get_text(arrival, "status"), "rejected");
	assert_string_equal(view_get_text(arrival, "reason"), "unknown_symbol");
	assert_string_equal(view_get_text(broker, "status"), "queued");
	assert_true(json_is_null(json_object_get(broker, "reason")));
	json_decref(arrival);
	json_decref(broker);
}

static void every_status_is_final_or_not(void **state)
{
	static const struct {
		const char *status;
		bool is_final;
	} rows[] = {{"queued", false},	{"sealed", false},  {"working", false},
		    {"filled", true},	{"unfilled", true}, {"partially_filled", true},
		    {"rejected", true}, {"canceled", true}, {"nonsense", false}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *order = json_pack("{s:s}", "status", rows[i].status);

		assert_int_equal(order_view_is_final(order), rows[i].is_final);
		json_decref(order);
	}
}

/* The view of a block given in words. */
static json_t *block_of(const char *words, bool with_fills)
{
	redisReply *reply = reply_of(words);
	json_t *view = block_view(reply, with_fills);

	freeReplyObject(reply);
	return view;
}

#define WORKING_BLOCK                                                                                                  \
	"[ [ window w lane bulk symbol AAPL side buy broker_type paper lot 1 order_type market limit_price ~ orders "  \
	"3 "                                                                                                           \
	"quantity_nano 225000000000 sealed_at 1795356900000 fence 4 status working submitted_at 1795356900001 "        \
	"updated_at 1795356900002 block_id b-1 quantity 225 execution_window 1795356900000 ] "                         \
	"[ [ c-1 [ block b-1 number 1 quantity 200 status partially_filled due_at 1795356900000 carried 3 "            \
	"filled_quantity 10.25 "                                                                                       \
	"broker_order_id o-1 average_price 190.5 ] ] [ c-2 [ quantity 25 status acked filled_quantity 0.000000001 ] "  \
	"] ] "                                                                                                         \
	"[ f2 c-1_2_190.5_1795356900005 ] ]"

static void a_working_block_adds_up_its_slices_and_knows_no_totals_yet(void **state)
{
	(void)state;
	assert_json(
	    block_of(WORKING_BLOCK, false),
	    "{\"block_id\":\"b-1\",\"execution_window\":\"2026-11-22T14:15:00Z\",\"lane\":\"bulk\",\"symbol\":\"AAPL\","
	    "\"side\":\"buy\",\"broker_type\":\"paper\",\"orders\":3,\"quantity\":\"225\","
	    "\"filled_quantity\":\"10.250000001\",\"average_price\":null,\"gross_amount\":null,\"fee\":null,"
	    "\"status\":\"working\",\"outcome\":null,\"reason\":null,\"slices\":["
	    "{\"client_order_id\":\"c-1\",\"broker_order_id\":\"o-1\",\"quantity\":\"200\",\"filled_quantity\":\"10."
	    "25\","
	    "\"average_price\":\"190.5\",\"status\":\"partially_filled\",\"reason\":null,\"due_at\":\"2026-11-22T14:15:"
	    "00Z\",\"carried\":\"3\"},"
	    "{\"client_order_id\":\"c-2\",\"broker_order_id\":null,\"quantity\":\"25\",\"filled_quantity\":\"0."
	    "000000001\","
	    "\"average_price\":null,\"status\":\"acked\",\"reason\":null,\"due_at\":null,\"carried\":null}],"
	    "\"house\":{\"quantity\":null,\"gross_amount\":null,\"fee\":null},"
	    "\"sealed_at\":\"2026-11-22T14:15:00Z\",\"submitted_at\":\"2026-11-22T14:15:00.001Z\",\"closed_at\":null,"
	    "\"allocated_at\":null,\"updated_at\":\"2026-11-22T14:15:00.002Z\",\"order_type\":\"market\","
	    "\"limit_price\":null,\"lot\":\"1\",\"window_id\":\"w\"}");
	assert_null(block_of("[ ]", true));
}

static void a_closed_blocks_totals_are_those_that_were_written(void **state)
{
	json_t *view =
	    block_of("[ [ status allocated filled_quantity 7 house_quantity 2 house_gross_amount 0.01 house_fee 0 "
		     "average_price 3 gross_amount 21 fee 1 ] [ [ c [ filled_quantity 9 ] ] ] [ ] ]",
		     true);
	(void)state;
	assert_true(block_view_is_final(view));
	assert_string_equal(view_get_text(view, "filled_quantity"), "7");
	assert_string_equal(view_get_text(view, "gross_amount"), "21");
	assert_null(json_object_get(view, "evidence"));
	assert_json(json_incref(json_object_get(view, "house")),
		    "{\"quantity\":\"2\",\"gross_amount\":\"0.01\",\"fee\":\"0\"}");
	assert_json(json_incref(json_object_get(view, "fills")), "[]");
	json_decref(view);
}

/* A fill's text has spaces, which the notation cannot hold: this makes them. */
static json_t *fills_of(const char *const *texts, size_t count)
{
	redisReply head = {.type = REDIS_REPLY_ARRAY}, slices = {.type = REDIS_REPLY_ARRAY};
	redisReply strings[8], *items[8], fills = {.type = REDIS_REPLY_ARRAY, .elements = count, .element = items};
	redisReply *parts[] = {&head, &slices, &fills};
	redisReply block = {.type = REDIS_REPLY_ARRAY, .elements = 3, .element = parts};
	json_t *view, *list;

	for (size_t i = 0; i < count; i++) {
		char *text = strdup(texts[i]);

		assert_non_null(text);
		strings[i] = (redisReply){.type = REDIS_REPLY_STRING, .str = text, .len = strlen(text)};
		items[i] = &strings[i];
	}
	view = block_view(&block, true);
	list = json_incref(json_object_get(view, "fills"));
	json_decref(view);
	for (size_t i = 0; i < count; i++)
		free(strings[i].str);
	return list;
}

static void fills_come_in_the_order_in_which_they_happened(void **state)
{
	static const char *const texts[] = {"z", "c-1 2 190.5 1795356900005", "b", "c-1 1 190 1795356900009",
					    "a", "c-2 3 191 1795356900005"};
	(void)state;
	assert_json(fills_of(texts, 6),
		    "[{\"fill_id\":\"a\",\"client_order_id\":\"c-2\",\"quantity\":\"3\",\"price\":\"191\","
		    "\"executed_at\":\"2026-11-22T14:15:00.005Z\"},"
		    "{\"fill_id\":\"z\",\"client_order_id\":\"c-1\",\"quantity\":\"2\",\"price\":\"190.5\","
		    "\"executed_at\":\"2026-11-22T14:15:00.005Z\"},"
		    "{\"fill_id\":\"b\",\"client_order_id\":\"c-1\",\"quantity\":\"1\",\"price\":\"190\","
		    "\"executed_at\":\"2026-11-22T14:15:00.009Z\"}]");
}

static void a_fill_that_lacks_parts_shows_nulls(void **state)
{
	static const char *const texts[] = {"a", "c-2", "b", ""};
	(void)state;
	assert_json(
	    fills_of(texts, 4),
	    "[{\"fill_id\":\"a\",\"client_order_id\":\"c-2\",\"quantity\":null,\"price\":null,\"executed_at\":null},"
	    "{\"fill_id\":\"b\",\"client_order_id\":null,\"quantity\":null,\"price\":null,\"executed_at\":null}]");
}

static void a_block_in_review_shows_what_was_seen_and_decided(void **state)
{
	json_t *view = block_of(
	    "[ [ status needs_review review_from working evidence two_matches reason duplicate ] [ ] [ ] ]", false);
	(void)state;
	assert_false(block_view_is_final(view));
	assert_string_equal(view_get_text(view, "evidence"), "two_matches");
	assert_string_equal(view_get_text(view, "review_from"), "working");
	assert_true(json_is_null(json_object_get(view, "resolution")));
	assert_string_equal(view_get_text(view, "filled_quantity"), "0");
	json_decref(view);
}

static void bytes_that_are_no_utf8_do_not_spoil_an_answer(void **state)
{
	(void)state;
	assert_json(view_value(VIEW_TEXT, "caf\xe9 \xff"), "\"caf? ?\"");
	assert_json(view_value(VIEW_TEXT, "caf\xc3\xa9"), "\"caf\xc3\xa9\"");
	assert_json(view_value(VIEW_TEXT, ""), "null");
	assert_json(view_value(VIEW_COUNT, NULL), "null");
	assert_json(view_value(VIEW_COUNT, "12"), "12");
}

static void a_window_shows_its_progress_once_it_is_sealed(void **state)
{
	redisReply *open =
	    reply_of("[ w 3 lane window due_at 1795356900000 status open created_at 1795356610990 orders 7 ]");
	redisReply *sealed = reply_of("[ lane bulk due_at 1795356900000 status sealed orders 7 blocks_open 1 "
				      "sealed_at 1795356900001 ]");
	json_t *view = window_view("w", 3, sealed, 0);
	(void)state;
	assert_json(
	    window_view("w", 3, open, 2),
	    "{\"window_id\":\"w\",\"due_at\":\"2026-11-22T14:15:00Z\",\"execution_window\":\"2026-11-22T14:15:00Z\","
	    "\"lane\":\"window\",\"status\":\"open\",\"orders\":7,\"groups\":3,"
	    "\"created_at\":\"2026-11-22T14:10:10.990Z\",\"forced_at\":null,\"sealed_at\":null,\"done_at\":null}");
	assert_int_equal(json_integer_value(json_object_get(view, "blocks")), 3);
	assert_int_equal(json_integer_value(json_object_get(view, "blocks_final")), 2);
	assert_false(window_view_is_done(view));
	json_decref(view);
	freeReplyObject(open);
	freeReplyObject(sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_order_has_the_contracts_fields_in_its_order),
	    cmocka_unit_test(the_order_of_fields_in_a_reply_does_not_matter),
	    cmocka_unit_test(an_order_goes_back_to_how_it_was_first_answered),
	    cmocka_unit_test(one_rejected_on_arrival_stays_rejected_and_one_of_the_broker_does_not),
	    cmocka_unit_test(every_status_is_final_or_not),
	    cmocka_unit_test(a_working_block_adds_up_its_slices_and_knows_no_totals_yet),
	    cmocka_unit_test(a_closed_blocks_totals_are_those_that_were_written),
	    cmocka_unit_test(fills_come_in_the_order_in_which_they_happened),
	    cmocka_unit_test(a_fill_that_lacks_parts_shows_nulls),
	    cmocka_unit_test(a_block_in_review_shows_what_was_seen_and_decided),
	    cmocka_unit_test(bytes_that_are_no_utf8_do_not_spoil_an_answer),
	    cmocka_unit_test(a_window_shows_its_progress_once_it_is_sealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

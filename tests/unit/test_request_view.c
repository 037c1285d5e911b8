/* The answer for a whole request: one word for all its orders, and the sums of a bulk call. */
#include "api/request_view.h"
#include "api/view_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The view must be exactly this JSON, keys in this order. */
static void assert_json(json_t *take_view, const char *expected)
{
	char *text = json_dumps(take_view, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(take_view);
}

/* The word for a request whose orders have these statuses. */
static void assert_request_status(const char *statuses, bool all_final, const char *expected)
{
	struct request_view view = {.kind = REQUEST_QUEUE, .queue_id = "q", .all_final = all_final};
	json_t *answer;

	view.orders = json_array();
	for (const char *at = statuses; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		json_array_append_new(view.orders, json_pack("{s:s%,s:s,s:s}", "status", at, length, "lane", "window",
							     "execution_window", "t"));
		at += length;
	}
	answer = request_view_answer(&view);
	assert_string_equal(view_get_text(answer, "status"), expected);
	assert_string_equal(view_get_text(answer, "lane"), "window");
	assert_string_equal(view_get_text(answer, "execution_window"), "t");
	assert_null(json_object_get(answer, "blocks"));
	json_decref(answer);
	json_decref(view.orders);
}

static void a_requests_status_sums_up_its_orders(void **state)
{
	(void)state;
	assert_request_status("queued queued", false, "queued");
	assert_request_status("queued sealed", false, "working");
	assert_request_status("sealed", false, "working");
	assert_request_status("filled working", false, "working");
	assert_request_status("filled unfilled", true, "completed");
	assert_request_status("canceled canceled", true, "canceled");
	assert_request_status("canceled filled", true, "completed");
	assert_request_status("rejected", true, "completed");
}

static void a_bulk_answer_counts_requests_orders_blocks_and_rejected(void **state)
{
	struct request_view view = {
	    .kind = REQUEST_BULK, .queue_id = "q", .total = 3, .requests = 2, .all_final = true};
	json_t *answer;
	(void)state;
	view.orders = json_pack("[{s:s,s:s,s:s},{s:s}]", "status", "filled", "lane", "bulk", "execution_window", "t",
				"status", "rejected");
	view.blocks = json_pack("[{s:s}]", "block_id", "b");
	answer = request_view_answer(&view);
	assert_json(
	    answer,
	    "{\"queue_id\":\"q\",\"status\":\"completed\",\"execution_window\":\"t\",\"lane\":\"bulk\",\"why\":null,\"orders\":["
	    "{\"status\":\"filled\",\"lane\":\"bulk\",\"execution_window\":\"t\"},{\"status\":\"rejected\"}],"
	    "\"blocks\":[{\"block_id\":\"b\"}],\"summary\":{\"requests\":2,\"orders\":3,\"blocks\":1,\"rejected\":1}}");
	json_decref(view.orders);
	json_decref(view.blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_requests_status_sums_up_its_orders),
	    cmocka_unit_test(a_bulk_answer_counts_requests_orders_blocks_and_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* GET /metrics of both programs after real work, and what promtool thinks of it and of conf/prometheus, where it is
 * installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/source_folder.h"
#include "tests/support/wait_until.h"

/* The port that a worker shows its metrics on. */
static int worker_port(struct stack *stack)
{
	static const char mark[] = "event=metrics_listening address=127.0.0.1:";
	char *log = process_log(stack->workers[0]), *at = strstr(log, mark);
	int port = at ? atoi(at + sizeof mark - 1) : 0;

	free(log);
	assert_true(port > 0);
	return port;
}

/* The text of one of them. */
static const char *scrape(struct stack *stack, const char *url)
{
	const struct http_call call = {
	    .method = "GET",
	    .url = *url == '/' ? stack_text(stack, "http://127.0.0.1:%d%s", stack->api_ports[0], url) : url,
	};
	struct http_reply *reply = http_call(&call);
	const char *text;

	assert_int_equal(reply->status, 200);
	assert_string_equal(reply->content_type, "text/plain; version=0.0.4; charset=utf-8");
	text = stack_text(stack, "%s", reply->body);
	http_reply_free(reply);
	return text;
}

/* The value of a series; -1 where there is none. */
static double value_of(const char *text, const char *series)
{
	const char *at = text;
	size_t length = strlen(series);

	while ((at = strstr(at, series)) && !((at == text || at[-1] == '\n') && at[length] == ' '))
		at += length;
	return at ? strtod(at + length, NULL) : -1;
}

/* Runs promtool on a text; what it says must be nothing. */
static void check_with_promtool(const struct stack *stack, const char *text)
{
	char path[128], command[320], said[4096] = "";
	size_t length;
	FILE *file;
	int code;

	(void)snprintf(path, sizeof path, "%s/metrics.txt", stack->folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	(void)fclose(file);
	(void)snprintf(command, sizeof command, "promtool check metrics < %s 2>&1", path);
	file = popen(command, "re");
	assert_non_null(file);
	length = fread(said, 1, sizeof said - 1, file);
	said[length] = '\0';
	code = pclose(file);
	if (code != 0 || length > 0)
		fail_msg("promtool: exit code %d\n%s", code, said);
}

static bool has_promtool(void)
{
	if (system("command -v promtool >/dev/null") == 0)
		return true;
	print_message("promtool is not installed (package prometheus): its checks are left out\n");
	return false;
}

/* What the API counted of four requests, one of them wrong and one canceled, and of what became of them. */
static void check_api_text(const char *text)
{
	static const struct {
		const char *series;
		double value;
	} wanted[] = {
	    {"muster_http_requests_total{method=\"POST\",route=\"/trade-queue/queue/order\",code=\"202\"}", 3},
	    {"muster_http_requests_total{method=\"POST\",route=\"/trade-queue/queue/order\",code=\"400\"}", 1},
	    {"muster_http_requests_total{method=\"other\",route=\"none\",code=\"404\"}", 1},
	    {"muster_http_request_duration_seconds_count{method=\"POST\",route=\"/trade-queue/queue/order\"}", 4},
	    {"muster_orders_total{lane=\"window\",status=\"queued\"}", 3},
	    {"muster_orders_total{lane=\"window\",status=\"canceled\"}", 1},
	    {"muster_orders_total{lane=\"bulk\",status=\"queued\"}", 1},
	    {"muster_orders_total{lane=\"bulk\",status=\"rejected\"}", 1},
	    {"muster_orders_open{status=\"queued\"}", 0},
	    {"muster_orders_ended_total{status=\"filled\"}", 3},
	    {"muster_blocks{status=\"allocated\"}", 2},
	    {"muster_blocks{status=\"needs_review\"}", 0},
	    {"muster_windows_open", 0},
	    {"muster_windows_overdue", 0},
	    {"muster_oldest_overdue_window_age_seconds", 0},
	    {"muster_workers", 1},
	    {"muster_halted", 0},
	    {"muster_commit_batch_orders_count", 3},
	    {"muster_redis_up{link=\"read\"}", 1},
	    {"muster_redis_reconnects_total{link=\"commit\"}", 0},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (value_of(text, wanted[i].series) != wanted[i].value)
			fail_msg("%s is %g, not %g, in\n%s", wanted[i].series, value_of(text, wanted[i].series),
				 wanted[i].value, text);
	assert_true(value_of(text, "muster_redis_script_duration_seconds_count{script=\"enqueue\"}") == 3);
	assert_true(value_of(text, "process_resident_memory_bytes") > 1e6);
}

/* What the worker counted of the same. */
static void check_worker_text(const char *text)
{
	static const char *const positive[] = {
	    "muster_broker_calls_total{broker=\"paper\",call=\"follow\",outcome=\"accepted\"}",
	    "muster_broker_calls_total{broker=\"paper\",call=\"fills\",outcome=\"accepted\"}",
	    "muster_redis_script_duration_seconds_count{script=\"claim\"}",
	    "process_start_time_seconds",
	};

	for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++)
		if (value_of(text, positive[i]) < 1)
			fail_msg("no %s in\n%s", positive[i], text);
	assert_true(
	    value_of(text, "muster_broker_calls_total{broker=\"paper\",call=\"submit\",outcome=\"accepted\"}") == 2);
	assert_true(value_of(text, "muster_broker_call_duration_seconds_count{broker=\"paper\",call=\"submit\"}") == 2);
	assert_true(value_of(text, "muster_due_to_first_submit_seconds_count{lane=\"window\"}") == 1);
	assert_true(value_of(text, "muster_due_to_allocated_seconds_count{lane=\"bulk\"}") == 1);
	assert_true(value_of(text, "muster_due_to_allocated_seconds_sum{lane=\"window\"}") >=
		    value_of(text, "muster_due_to_first_submit_seconds_sum{lane=\"window\"}"));
	assert_true(value_of(text, "muster_windows_sealed_total{lane=\"window\"}") == 1);
	for (int i = 0; i < 3; i++) {
		static const char *const statuses[] = {"sealed", "working", "filled"};
		char series[96];

		(void)snprintf(series, sizeof series, "muster_orders_total{lane=\"window\",status=\"%s\"}",
			       statuses[i]);
		if (value_of(text, series) != 2)
			fail_msg("%s is not 2 in\n%s", series, text);
	}
	assert_true(value_of(text, "muster_leases_expired_total") == 0);
	assert_true(value_of(text, "muster_broker_rate_limit_waits_total{broker=\"paper\"}") == 0);
	assert_true(value_of(text, "muster_worker_blocks_in_hand") == 0);
}

static void both_programs_show_what_they_did(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"worker.metrics_listen=127.0.0.1:0"}});
	const char *worker_url = stack_text(stack, "http://127.0.0.1:%d/metrics", worker_port(stack));
	const json_t *bulk, *canceled;

	canceled = stack_queue_one(stack, "dave", "buy", "AAPL", "7");
	(void)stack_delete(stack, 200, "/trade-queue/queue/order/%s", json_text(canceled, "/queue_id"));
	(void)stack_queue_one(stack, "alice", "buy", "AAPL", "100");
	(void)stack_queue_one(stack, "bob", "buy", "AAPL", "50");
	(void)stack_post(stack, 400, "/trade-queue/queue/order", "{}");
	(void)stack_get(stack, 404, "/nowhere");
	(void)stack_process(stack);
	bulk = stack_post(stack, 200, "/smallcases/bulk/rebalance?wait=30",
			  "[{\"user_id\":\"carol\",\"smallcase_id\":\"sc1\",\"suggestions\":["
			  "{\"symbol\":\"MSFT\",\"action\":\"buy\",\"quantity\":1},"
			  "{\"symbol\":\"NOSUCH\",\"action\":\"buy\",\"quantity\":1}]}]");
	assert_json_text(bulk, "/status", "completed");
	WAIT_UNTIL(value_of(scrape(stack, worker_url), "muster_worker_blocks_in_hand") == 0);
	WAIT_UNTIL(value_of(scrape(stack, "/metrics"), "muster_orders_ended_total{status=\"filled\"}") == 3);
	check_api_text(scrape(stack, "/metrics"));
	check_worker_text(scrape(stack, worker_url));
	if (has_promtool()) {
		check_with_promtool(stack, scrape(stack, "/metrics"));
		check_with_promtool(stack, scrape(stack, worker_url));
	}
	check_audit(stack);
	stack_finish(stack);
}

static void without_redis_the_api_tells_so_and_no_zeros(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.is_redis_away = true});
	const char *text = scrape(stack, "/metrics");

	assert_true(value_of(text, "muster_redis_up{link=\"read\"}") == 0);
	assert_true(value_of(text, "muster_workers") == -1);
	assert_true(value_of(text, "muster_blocks{status=\"needs_review\"}") == -1);
	stack_finish_unchecked(stack);
}

static void a_lost_lease_is_counted_by_who_takes_over(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"worker.metrics_listen=127.0.0.1:0"}});
	const json_t *answer;
	const char *block_id;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	answer = stack_queue_one(stack, "alice", "buy", "AAPL", "100");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:working") == 1);
	/* As if its worker had died with it in hand. */
	block_id = json_text(stack_get(stack, 200, "/orders/%s", json_text(answer, "/orders/0/order_id")), "/block_id");
	redis_server_run(stack->redis, "HSET muster:{0}:block:%s worker gone:1", block_id);
	WAIT_UNTIL(value_of(scrape(stack, stack_text(stack, "http://127.0.0.1:%d/metrics", worker_port(stack))),
			    "muster_leases_expired_total") >= 1);
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	stack_finish_unchecked(stack);
}

static void rules_are_sound_and_fire_when_they_should(void **state)
{
	char command[512], *folder = source_folder();

	(void)state;
	(void)snprintf(command, sizeof command,
		       "cd '%s' && promtool check rules conf/prometheus/alerts.yml >/dev/null && "
		       "promtool test rules tests/conf/alerts_test.yml >/dev/null",
		       folder);
	free(folder);
	if (has_promtool())
		assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(both_programs_show_what_they_did, stack_teardown),
	    cmocka_unit_test_teardown(without_redis_the_api_tells_so_and_no_zeros, stack_teardown),
	    cmocka_unit_test_teardown(a_lost_lease_is_counted_by_who_takes_over, stack_teardown),
	    cmocka_unit_test(rules_are_sound_and_fire_when_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The page at / in a real browser, in front of the real system: API, worker, paper broker, Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "shared/script.h"
#include "tests/support/browser.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/redis_read.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

struct scene {
	struct stack *stack;
	struct browser *browser;
};

static int end_scene(void **state)
{
	struct scene *scene = *state;

	browser_stop(scene->browser);
	stack_stop(scene->stack);
	free(scene);
	return 0;
}

/* Everything is up and the page shows it. */
static struct scene *begin_scene(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);

	assert_non_null(scene);
	*state = scene;
	scene->stack = stack_start(&(struct stack_options){.workers = 1});
	scene->browser = browser_start(scene->stack->folder);
	browser_set_size(scene->browser, 1280, 1180);
	browser_open(scene->browser, stack_text(scene->stack, "http://127.0.0.1:%d/", scene->stack->api_ports[0]));
	WAIT_UNTIL(browser_holds(scene->browser, "document.querySelector('#link').textContent === 'live'"));
	return scene;
}

/* Queues an order with curl itself; returns its queue_id. */
static const char *queue_with_curl(struct scene *scene, const char *user, int quantity)
{
	const char *command = stack_text(
	    scene->stack,
	    "curl -sS -X POST http://127.0.0.1:%d/trade-queue/queue/order -d '{\"user_id\":\"%s\","
	    "\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":%d}]}'",
	    scene->stack->api_ports[0], user, quantity);
	char text[4096] = "";
	const char *queue_id;
	json_t *answer;
	FILE *out = popen(command, "re");

	assert_non_null(out);
	text[fread(text, 1, sizeof text - 1, out)] = '\0';
	assert_int_equal(pclose(out), 0);
	answer = json_loads(text, 0, NULL);
	assert_non_null(answer);
	queue_id = stack_text(scene->stack, "%s", json_text(answer, "/queue_id"));
	json_decref(answer);
	return queue_id;
}

/* Whether the text of an element has this in it. */
static bool shows(struct scene *scene, const char *id, const char *text)
{
	return browser_holds(
	    scene->browser,
	    stack_text(scene->stack, "document.getElementById('%s').innerText.includes('%s')", id, text));
}

static void check_no_errors(struct scene *scene)
{
	char *errors = browser_errors(scene->browser);

	if (*errors)
		fail_msg("the console says:\n%s", errors);
	free(errors);
}

/* Where the build leaves a picture for whoever wants to look; the README's is a copy of one. */
static void take_picture(struct scene *scene, const char *name)
{
	browser_screenshot(scene->browser, stack_text(scene->stack, "%s/%s.png", scene->stack->build, name));
}

static void clear_look_up(struct scene *scene)
{
	json_decref(browser_value(scene->browser, "document.getElementById('look-id').value = ''"));
}

static void an_order_shows_up_is_executed_and_can_be_looked_up(void **state)
{
	struct scene *scene = begin_scene(state);
	const char *queue_id = queue_with_curl(scene, "alice", 100);

	(void)queue_with_curl(scene, "bob", 50);
	(void)queue_with_curl(scene, "carol", 75);
	WAIT_UNTIL(shows(scene, "preview", "225") && shows(scene, "preview", "AAPL"));
	WAIT_UNTIL(shows(scene, "saved", "2") && shows(scene, "saved-detail", "3 orders become 1 broker call"));
	WAIT_UNTIL(shows(scene, "next-detail", "3 orders in 1 group"));
	assert_true(browser_holds(scene->browser,
				  "/^\\d+(:\\d\\d){1,2}$/.test(document.getElementById('countdown').textContent)"));
	take_picture(scene, "page");
	(void)stack_process(scene->stack);
	WAIT_UNTIL(shows(scene, "facts", "Filled\\n3"));
	WAIT_UNTIL(shows(scene, "windows", "1 of 1 final") && shows(scene, "blocks", "allocated 1"));
	assert_true(browser_holds(scene->browser, "document.querySelectorAll('#workers tbody tr').length === 1"));

	/* By keyboard: type, Enter. */
	browser_type(scene->browser, "#look-id", stack_text(scene->stack, "%s\n", queue_id));
	WAIT_UNTIL(shows(scene, "look-result", "filled") && shows(scene, "look-result", "alice"));
	assert_true(shows(scene, "look-result", "190.25"));
	clear_look_up(scene);
	browser_type(scene->browser, "#look-id", "carol\n");
	WAIT_UNTIL(shows(scene, "look-result", "Orders of user carol") && shows(scene, "look-result", "75"));
	clear_look_up(scene);
	browser_type(scene->browser, "#look-id", "nobody-knows-this\n");
	WAIT_UNTIL(shows(scene, "look-result", "There is no order, block, request or user"));
	assert_true(browser_holds(scene->browser, "document.querySelectorAll('#rate path').length === 2"));
	check_no_errors(scene);
	stack_finish(scene->stack);
}

static void trading_is_halted_and_resumed_with_a_reason(void **state)
{
	struct scene *scene = begin_scene(state);

	browser_click(scene->browser, "#halt");
	browser_type(scene->browser, "#ask-note", "\n");
	WAIT_UNTIL(shows(scene, "ask-error", "Say why."));
	assert_false(json_is_true(json_at(stack_get(scene->stack, 200, "/trade-queue/queue/status"), "/halted")));
	browser_type(scene->browser, "#ask-note", "a drill\n");
	WAIT_UNTIL(shows(scene, "halted", "a drill"));
	assert_true(json_is_true(json_at(stack_get(scene->stack, 200, "/trade-queue/queue/status"), "/halted")));
	WAIT_UNTIL(shows(scene, "halt", "Resume trading"));
	browser_click(scene->browser, "#halt");
	browser_type(scene->browser, "#ask-note", "it is over\n");
	WAIT_UNTIL(browser_holds(scene->browser, "document.getElementById('halted').hidden"));
	assert_false(json_is_true(json_at(stack_get(scene->stack, 200, "/trade-queue/queue/status"), "/halted")));
	check_no_errors(scene);
	stack_finish(scene->stack);
}

/* Sets a block aside as a worker that is at its wits' end would: with the fence that holds now. */
static bool set_aside(struct stack *stack, const char *block_id)
{
	redisReply *block = redis_hash(stack->redis, stack_text(stack, "muster:{0}:block:%s", block_id));
	redisReply *reply = redis_server_command(stack->redis, "EVAL %s 1 muster:{0} %s %s %s %s",
						 script_get(SCRIPT_REVIEW)->text, block_id, redis_field(block, "fence"),
						 "what the broker says makes no sense", "<b>seen</b>");
	bool is_done = reply->type == REDIS_REPLY_ARRAY && strcmp(reply->element[0]->str, "needs_review") == 0;

	freeReplyObject(block);
	freeReplyObject(reply);
	return is_done;
}

static void a_review_shows_its_evidence_and_is_ended_by_a_button(void **state)
{
	struct scene *scene = begin_scene(state);
	struct stack *stack = scene->stack;
	const json_t *order = stack_queue_one(stack, "alice", "buy", "AAPL", "10");
	const char *path = stack_text(stack, "/orders/%s", json_text(order, "/orders/0/order_id")), *block_id;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(strcmp(json_text(stack_get(stack, 200, "%s", path), "/status"), "working") == 0);
	block_id = json_text(stack_get(stack, 200, "%s", path), "/block_id");
	WAIT_UNTIL(set_aside(stack, block_id));
	WAIT_UNTIL(shows(scene, "review", "buy 10 AAPL") && shows(scene, "review", "makes no sense"));
	assert_true(shows(scene, "review", "<b>seen</b>")); /* text, never markup */
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	browser_click(scene->browser, "#review button"); /* the first one: try again */
	WAIT_UNTIL(shows(scene, "ask-title", block_id));
	browser_type(scene->browser, "#ask-note", "I have asked the broker\n");
	WAIT_UNTIL(browser_holds(scene->browser, "document.getElementById('review').hidden"));
	(void)stack_wait_final(stack, order);
	WAIT_UNTIL(shows(scene, "facts", "Filled\\n1"));
	assert_json_text(stack_get(stack, 200, "/blocks/%s", block_id), "/resolution_note", "I have asked the broker");
	check_no_errors(scene);
	stack_finish(stack);
}

/* A second API with a file of tokens, beside the stack's own; returns its port. */
static int start_guarded_api(struct stack *stack, struct process **api)
{
	static const char mark[] = "event=listening address=127.0.0.1:";
	const char *tokens = stack_text(stack, "api.tokens_file=%s/tokens", stack->folder);
	const char *const argv[] = {stack_text(stack, "%s/muster-api", stack->build),
				    "-c",
				    stack_text(stack, "%s/muster.conf", stack->folder),
				    "-o",
				    tokens,
				    NULL};
	FILE *file = fopen(tokens + strlen("api.tokens_file="), "we");
	char *log;
	int port;

	assert_non_null(file);
	/* The SHA-256 of the word that the test types. */
	(void)fputs("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 read\n", file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	(void)fclose(file);
	*api = process_start(argv, stack_text(stack, "%s/guarded.log", stack->folder));
	WAIT_UNTIL(process_log_has(*api, mark));
	log = process_log(*api);
	port = atoi(strstr(log, mark) + sizeof mark - 1);
	free(log);
	return port;
}

static void with_tokens_it_asks_for_one_and_takes_no_other(void **state)
{
	struct scene *scene = begin_scene(state);
	struct process *api;
	int port = start_guarded_api(scene->stack, &api);

	browser_open(scene->browser, stack_text(scene->stack, "http://127.0.0.1:%d/", port));
	WAIT_UNTIL(browser_holds(scene->browser, "document.getElementById('ask').open"));
	browser_type(scene->browser, "#ask-note", "wrong\n");
	WAIT_UNTIL(browser_holds(scene->browser, "sessionStorage.getItem('muster-token') === 'wrong' && "
						 "document.getElementById('ask').open"));
	browser_type(scene->browser, "#ask-note", "password\n");
	WAIT_UNTIL(browser_holds(scene->browser, "document.querySelector('#link').textContent === 'live'"));
	assert_true(browser_holds(scene->browser, "!location.href.includes('password')"));
	assert_int_equal(process_end(api), 0);
	process_free(api);
	stack_finish(scene->stack);
}

static void a_lost_connection_is_told_and_comes_back(void **state)
{
	struct scene *scene = begin_scene(state);

	stack_kill_program(&scene->stack->apis[0]);
	WAIT_UNTIL(browser_holds(scene->browser, "document.querySelector('#link').textContent === 'stale'"));
	assert_true(shows(scene, "stale", "What you see is of"));
	stack_start_api(scene->stack, 0);
	WAIT_UNTIL(browser_holds(scene->browser, "document.querySelector('#link').textContent === 'live'"));
	assert_true(browser_holds(scene->browser, "document.getElementById('stale').hidden"));
	stack_wait_ready(scene->stack, 0, 200);
	stack_finish(scene->stack);
}

static void it_fits_a_phone_in_light_and_dark(void **state)
{
	static const char back[] = "getComputedStyle(document.body).backgroundColor";
	struct scene *scene = begin_scene(state);
	json_t *before, *after;

	(void)queue_with_curl(scene, "alice", 100);
	WAIT_UNTIL(shows(scene, "preview", "AAPL"));
	browser_set_size(scene->browser, 500,
			 1900); /* no window is narrower; the rules for phones hold below 576 pixels */
	assert_true(browser_holds(scene->browser, "document.documentElement.scrollWidth <= innerWidth"));
	assert_true(browser_holds(scene->browser, "matchMedia('(max-width: 36rem)').matches"));
	before = browser_value(scene->browser, back);
	take_picture(scene, "page_phone");
	browser_click(scene->browser, "#theme");
	after = browser_value(scene->browser, back);
	assert_false(json_equal(before, after));
	take_picture(scene, "page_phone_dark");
	json_decref(before);
	json_decref(after);
	check_no_errors(scene);
	(void)stack_process(scene->stack);
	stack_finish(scene->stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(an_order_shows_up_is_executed_and_can_be_looked_up, end_scene),
	    cmocka_unit_test_teardown(trading_is_halted_and_resumed_with_a_reason, end_scene),
	    cmocka_unit_test_teardown(a_review_shows_its_evidence_and_is_ended_by_a_button, end_scene),
	    cmocka_unit_test_teardown(with_tokens_it_asks_for_one_and_takes_no_other, end_scene),
	    cmocka_unit_test_teardown(a_lost_connection_is_told_and_comes_back, end_scene),
	    cmocka_unit_test_teardown(it_fits_a_phone_in_light_and_dark, end_scene),
	};

	if (!browser_is_installed()) {
		(void)fprintf(stderr, "chromium and chromedriver are not installed: `make test-page` does it\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

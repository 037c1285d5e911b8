/* Every program is replaced by a fresh one, one after the other, while orders flow: the APIs behind one address, the
 * workers, and all of them again. Nothing is refused that another API could take, nothing is lost, nothing waits for a
 * lease. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define CLIENTS	      6
#define ROUNDS	      2
#define ORDERS_BEFORE 40 /* answered before the next program is replaced */

/* A client sends one order after the other, each once, and knows what it was told. */
struct client {
	pthread_t thread;
	const struct stack *stack;
	int number;
	bool keeps; /* its connection */
	atomic_int *answered;
	atomic_bool *is_over;
	json_t *accepted; /* array of answers */
	char refused[256]; /* the first answer that was none of 202; "" */
};

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	(void)fwrite(bytes, size, count, arg);
	return size * count;
}

/* Sends one order on the client's connection, or on a new one. No repeats: curl's own, on a kept connection that ended
 * before a byte of the answer, are what every client has. */
static void send_one(struct client *client, CURL *curl, int i)
{
	char url[96], body[256], *answer = NULL;
	size_t size = 0;
	long status = 0;
	FILE *out = open_memstream(&answer, &size);
	CURLcode code;

	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/trade-queue/queue/order", client->stack->api_ports[0]);
	(void)snprintf(body, sizeof body,
		       "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"%s\",\"suggestions\":[{\"symbol\":"
		       "\"S%03d\",\"action\":\"%s\",\"quantity\":%d}]}",
		       client->number, i % 3 ? "high" : "normal", i % 25, i / 25 % 2 ? "sell" : "buy", 1 + i % 7);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, client->keeps ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	code = curl_easy_perform(curl);
	(void)fclose(out);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status == 202)
		json_array_append_new(client->accepted, json_loads(answer, 0, NULL));
	else if (!*client->refused)
		(void)snprintf(client->refused, sizeof client->refused, "%s, %ld: %.120s", curl_easy_strerror(code),
			       status, answer);
	free(answer);
	atomic_fetch_add(client->answered, 1);
}

static void *client_run(void *arg)
{
	struct client *client = arg;
	CURL *curl = curl_easy_init();

	for (int i = 0; !atomic_load(client->is_over); i++)
		send_one(client, curl, i);
	curl_easy_cleanup(curl);
	return NULL;
}

/* So many more orders have been answered. */
static void wait_for_more(atomic_int *answered)
{
	int before = atomic_load(answered);

	WAIT_UNTIL(atomic_load(answered) >= before + ORDERS_BEFORE);
}

/* Replaces every program once: the old one ends, a fresh one takes its place. */
static void replace_all(struct stack *stack, atomic_int *answered)
{
	for (int i = 0; i < 2; i++) {
		wait_for_more(answered);
		stack_end_program(&stack->apis[i]); /* the other one takes what comes */
		stack_start_api(stack, i);
		wait_for_more(answered);
		stack_end_program(&stack->workers[i]);
		stack_start_worker(stack, i);
	}
}

/* Puts what a client was told where the auditor looks. */
static void keep_accepted(struct stack *stack, const struct client *client)
{
	json_t *answer;
	size_t i;

	json_array_foreach (client->accepted, i, answer)
		json_object_set(stack->accepted, json_text(answer, "/queue_id"), json_at(answer, "/orders"));
}

static void test_everything_is_replaced_under_load(void **state)
{
	/* With a lease of a minute, whatever waited for one to end would not be final in time. */
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2,
	    .settings = {"window.length_s=1", "lanes.coalesce_ms=50", "worker.lease_ms=60000",
			 "broker.paper.timeout_ms=20000"}});
	struct client clients[CLIENTS] = {0};
	atomic_int answered = 0;
	atomic_bool is_over = false;

	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":30,\"reply_delay_ms\":10}");
	stack->api_ports[1] = stack->api_ports[0];
	stack_start_api(stack, 1);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){.stack = stack, .number = i, .keeps = i % 2, .answered = &answered,
					     .is_over = &is_over, .accepted = json_array()};
		if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]) != 0)
			abort();
	}
	for (int round = 0; round < ROUNDS; round++)
		replace_all(stack, &answered);
	wait_for_more(&answered);
	atomic_store(&is_over, true);
	for (int i = 0; i < CLIENTS; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		keep_accepted(stack, &clients[i]);
		json_decref(clients[i].accepted);
	}
	for (int i = 0; i < CLIENTS; i++)
		if (*clients[i].refused)
			fail_msg("client %d: %s", i, clients[i].refused);
	assert_int_equal(json_object_size(stack->accepted), atomic_load(&answered));
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_everything_is_replaced_under_load, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

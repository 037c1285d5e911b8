/* Sends orders over HTTP as fast as they are taken, many connections at once.
 *     load URL STOCKS_CSV ORDERS USERS ORDERS_PER_REQUEST CONNECTIONS [EXECUTION_WINDOW]
 * Users, symbols and sides are spread evenly but in no order, the same for the same arguments. Prints `ORDERS SECONDS
 * ORDERS_PER_SECOND REFUSED`; exit 1 where any request was refused. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#define SYMBOLS_MAX 20000
#define BODY_MAX 65536

struct plan {
	const char *url, *window;
	char (*symbols)[40];
	size_t symbol_count, orders, users, per_request, sent, refused;
	uint64_t seed;
	struct curl_slist *headers;
};

struct lane {
	CURL *easy;
	char body[BODY_MAX];
};

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* xorshift: spread is all that is asked of it. */
static uint64_t next_random(struct plan *plan)
{
	plan->seed ^= plan->seed << 13;
	plan->seed ^= plan->seed >> 7;
	plan->seed ^= plan->seed << 17;
	return plan->seed;
}

static void read_symbols(struct plan *plan, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];
	if (!file || !fgets(line, sizeof line, file)) {
		fprintf(stderr, "load: cannot read %s\n", path);
		exit(2);
	}
	plan->symbols = calloc(SYMBOLS_MAX, sizeof *plan->symbols);
	while (plan->symbols && plan->symbol_count < SYMBOLS_MAX && fgets(line, sizeof line, file))
		if (sscanf(line, "%39[^,]", plan->symbols[plan->symbol_count]) == 1)
			plan->symbol_count++;
	fclose(file);
}

static size_t drop(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

/* Writes the next request's body; false where all orders are sent. */
static bool next_body(struct plan *plan, char *body)
{
	if (plan->sent >= plan->orders)
		return false;
	size_t n = plan->orders - plan->sent < plan->per_request ? plan->orders - plan->sent : plan->per_request;
	int length = snprintf(body, BODY_MAX, "{\"user_id\":\"user%zu\",\"smallcase_id\":\"sc1\",", (size_t)(next_random(plan) % plan->users));
	if (plan->window)
		length += snprintf(body + length, BODY_MAX - (size_t)length, "\"execution_window\":\"%s\",", plan->window);
	length += snprintf(body + length, BODY_MAX - (size_t)length, "\"suggestions\":[");
	for (size_t i = 0; i < n; i++) {
		uint64_t r = next_random(plan);
		length += snprintf(body + length, BODY_MAX - (size_t)length,
				   "%s{\"symbol\":\"%s\",\"action\":\"%s\",\"quantity\":%u}", i ? "," : "",
				   plan->symbols[(r >> 8) % plan->symbol_count], r & 1 ? "buy" : "sell", (unsigned)((r >> 40) % 20 + 1));
	}
	snprintf(body + length, BODY_MAX - (size_t)length, "]}");
	plan->sent += n;
	return true;
}

static void send_next(struct plan *plan, CURLM *multi, struct lane *lane)
{
	if (!next_body(plan, lane->body))
		return;
	curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, lane->body);
	curl_multi_add_handle(multi, lane->easy);
}

static void start_lanes(struct plan *plan, CURLM *multi, struct lane *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		lanes[i].easy = curl_easy_init();
		curl_easy_setopt(lanes[i].easy, CURLOPT_URL, plan->url);
		curl_easy_setopt(lanes[i].easy, CURLOPT_HTTPHEADER, plan->headers);
		curl_easy_setopt(lanes[i].easy, CURLOPT_WRITEFUNCTION, drop);
		curl_easy_setopt(lanes[i].easy, CURLOPT_PRIVATE, &lanes[i]);
		curl_easy_setopt(lanes[i].easy, CURLOPT_NOSIGNAL, 1L);
		send_next(plan, multi, &lanes[i]);
	}
}

/* Takes what has ended and sends the next on the same connection. */
static void take_ended(struct plan *plan, CURLM *multi)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(multi, &left))) {
		struct lane *lane = NULL;
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		long status = 0;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&lane);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (code != CURLE_OK || status != 202) {
			if (plan->refused++ == 0)
				fprintf(stderr, "load: %s, status %ld\n", curl_easy_strerror(code), status);
		}
		curl_multi_remove_handle(multi, easy);
		send_next(plan, multi, lane);
	}
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: load URL STOCKS_CSV ORDERS USERS ORDERS_PER_REQUEST CONNECTIONS [EXECUTION_WINDOW]\n");
		return 2;
	}
	struct plan plan = {.url = argv[1], .window = argc > 7 ? argv[7] : NULL, .seed = 88172645463325252u};
	read_symbols(&plan, argv[2]);
	plan.orders = strtoul(argv[3], NULL, 10);
	plan.users = strtoul(argv[4], NULL, 10);
	plan.per_request = strtoul(argv[5], NULL, 10);
	size_t connections = strtoul(argv[6], NULL, 10);

	curl_global_init(CURL_GLOBAL_ALL);
	plan.headers = curl_slist_append(NULL, "Content-Type: application/json");
	plan.headers = curl_slist_append(plan.headers, "Expect:");
	CURLM *multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
	struct lane *lanes = calloc(connections, sizeof *lanes);
	if (!lanes)
		abort();

	double started = seconds_now();
	int running = 1;
	start_lanes(&plan, multi, lanes, connections);
	while (running > 0) {
		curl_multi_perform(multi, &running);
		take_ended(&plan, multi);
		curl_multi_perform(multi, &running);
		if (running > 0)
			curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	take_ended(&plan, multi);
	double took = seconds_now() - started;
	printf("%zu %.3f %.0f %zu\n", plan.orders, took, (double)plan.orders / took, plan.refused);

	for (size_t i = 0; i < connections; i++)
		curl_easy_cleanup(lanes[i].easy);
	curl_multi_cleanup(multi);
	curl_slist_free_all(plan.headers);
	free(lanes);
	free(plan.symbols);
	curl_global_cleanup();
	return plan.refused > 0;
}

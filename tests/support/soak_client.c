/* See soak_client.h. */
#include "tests/support/soak_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "shared/clock.h"
#include "tests/support/json_at.h"

#define CALL_MOST_MS 4000L
#define PAUSE_MS     40
#define BODY_SIZE    8192

/* Where a request goes. */
#define QUEUE "/trade-queue/queue/order"
#define BULK  "/smallcases/bulk/rebalance?wait=1"

enum kind { NORMAL, HIGH, LIMIT, WINDOW, SEVERAL, BULK_CALL, CANCELED, LARGE };

static const char *const kind_names[SOAK_KINDS] = {"normal",  "high", "limit",	  "window",
						   "several", "bulk", "canceled", "large"};

/* One request: what is sent again must be the same to the byte. */
struct request {
	enum kind kind;
	const char *method, *path;
	char key[64];
	char body[BODY_SIZE];
};

/* One answer. */
struct answer {
	long status; /* 0: none came */
	json_t *json;
};

const char *soak_kind_name(int kind)
{
	return kind_names[kind];
}

static void pause_ms(long ms)
{
	const struct timespec pause = {0, ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	(void)fwrite(bytes, size, count, arg);
	return size * count;
}

/* Makes one call to one API. */
static struct answer call_once(CURL *curl, const struct request *request, int port)
{
	struct answer answer = {0};
	char url[256], header[96], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct curl_slist *headers = NULL;

	if (!out)
		abort();
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, request->path);
	(void)snprintf(header, sizeof header, "Idempotency-Key: %s", request->key);
	headers = curl_slist_append(curl_slist_append(headers, header), "Content-Type: application/json");
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CALL_MOST_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (strcmp(request->method, "POST") == 0)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
	(void)fclose(out);
	answer.json = answer.status ? json_loadb(text, size, 0, NULL) : NULL;
	free(text);
	curl_slist_free_all(headers);
	return answer;
}

/* Calls until it is answered: 503 and a cut connection are none. Either API will do. */
static struct answer call(struct soak_client *client, CURL *curl, const struct request *request)
{
	int api = (int)soak_pick(&client->random, SOAK_APIS);

	for (;; api = (api + 1) % SOAK_APIS) {
		struct answer answer = call_once(curl, request, client->api_ports[api]);

		client->tries++;
		if (answer.status != 0 && answer.status != 503)
			return answer;
		json_decref(answer.json);
		pause_ms(PAUSE_MS);
	}
}

/* Something that must not be. */
static void note_violation(struct soak_client *client, const struct request *request, const char *what,
			   const struct answer *answer)
{
	char *text = answer->json ? json_dumps(answer->json, JSON_COMPACT) : NULL;

	json_array_append_new(client->violations, json_sprintf("%s %s: %s: %ld %.300s", request->key,
							       kind_names[request->kind], what, answer->status,
							       text ? text : ""));
	free(text);
}

/* One order of a body. */
static int write_suggestion(struct soak_client *client, char *text, size_t size, enum kind kind)
{
	int symbol = (int)soak_pick(&client->random, 12);
	const char *action = soak_pick(&client->random, 3) ? "buy" : "sell";
	int quantity = (int)(1 + soak_pick(&client->random, 200));

	if (kind == LARGE)
		quantity += 10000;
	if (kind == LIMIT) /* far to its own side of any price: it is filled */
		return snprintf(text, size,
				"{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d,\"order_type\":\"limit\","
				"\"limit_price\":\"%s\"}",
				symbol, action, quantity, strcmp(action, "buy") == 0 ? "100" : "1");
	return snprintf(text, size, "{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d}", symbol, action, quantity);
}

/* One user's part of a body, without its end. */
static int write_user(struct soak_client *client, char *text, size_t size, enum kind kind)
{
	int orders = kind == SEVERAL || kind == BULK_CALL ? (int)(2 + soak_pick(&client->random, 4)) : 1;
	int length = snprintf(text, size, "{\"user_id\":\"u%d-%d\",\"smallcase_id\":\"sc1\",\"suggestions\":[",
			      client->number, (int)soak_pick(&client->random, 3));

	for (int i = 0; i < orders; i++) {
		length += snprintf(text + length, size - (size_t)length, "%s", i ? "," : "");
		length += write_suggestion(client, text + length, size - (size_t)length, kind);
	}
	return length + snprintf(text + length, size - (size_t)length, "]");
}

/* A new request. */
static void make_request(struct soak_client *client, struct request *request)
{
	char at[CLOCK_TEXT];
	int length = 0, users;

	request->kind = (enum kind)soak_pick(&client->random, SOAK_KINDS);
	request->method = "POST";
	request->path = request->kind == BULK_CALL ? BULK : QUEUE;
	(void)snprintf(request->key, sizeof request->key, "soak-%d-%lld", client->number, (long long)client->requests);
	if (request->kind == BULK_CALL) {
		users = (int)(1 + soak_pick(&client->random, 4));
		for (int i = 0; i < users; i++) {
			length += snprintf(request->body + length, BODY_SIZE - (size_t)length, "%s", i ? "," : "[");
			length += write_user(client, request->body + length, BODY_SIZE - (size_t)length, BULK_CALL);
			length += snprintf(request->body + length, BODY_SIZE - (size_t)length, "}");
		}
		(void)snprintf(request->body + length, BODY_SIZE - (size_t)length, "]");
		return;
	}
	length = write_user(client, request->body, BODY_SIZE, request->kind);
	if (request->kind == HIGH)
		(void)snprintf(request->body + length, BODY_SIZE - (size_t)length, ",\"priority\":\"high\"}");
	else if (request->kind == WINDOW)
		(void)snprintf(request->body + length, BODY_SIZE - (size_t)length, ",\"execution_window\":\"%s\"}",
			       clock_format(clock_wall_ms() + 3000, at));
	else
		(void)snprintf(request->body + length, BODY_SIZE - (size_t)length, "}");
}

/* What was accepted is written down; what follows is held against it. */
static void keep(struct soak_client *client, const struct request *request, const struct answer *answer)
{
	json_t *entry = json_pack("{s:s, s:O, s:O}", "idempotency_key", request->key, "queue_id",
				  json_object_get(answer->json, "queue_id"), "orders",
				  json_object_get(answer->json, "orders"));

	if (!entry) {
		note_violation(client, request, "an acceptance without queue_id and orders", answer);
		return;
	}
	client->replayed += json_is_true(json_object_get(answer->json, "replayed"));
	json_array_append_new(client->accepted, entry);
}

/* Sends an accepted request again, and another body under its key: I2. */
static void test_key(struct soak_client *client, CURL *curl, struct request *request, const char *queue_id)
{
	struct answer answer = call(client, curl, request);

	if ((answer.status != 202 && answer.status != 200) || !json_is_true(json_object_get(answer.json, "replayed")) ||
	    strcmp(json_text(answer.json, "/queue_id"), queue_id) != 0)
		note_violation(client, request, "the same key did not give the same request", &answer);
	json_decref(answer.json);
	*strstr(request->body, "sc1") = 'x';
	answer = call(client, curl, request);
	if (answer.status != 409)
		note_violation(client, request, "another body under the key was not refused", &answer);
	json_decref(answer.json);
}

/* Takes an accepted request back, if it is not too late. */
static void cancel(struct soak_client *client, CURL *curl, const struct request *accepted, const char *queue_id)
{
	char path[128];
	struct request request = {.kind = accepted->kind, .method = "DELETE", .path = path};
	struct answer answer;

	(void)snprintf(path, sizeof path, "%s/%s", QUEUE, queue_id);
	(void)snprintf(request.key, sizeof request.key, "%s", accepted->key);
	answer = call(client, curl, &request);
	client->canceled += answer.status == 200;
	if (answer.status != 200 && answer.status != 409)
		note_violation(client, &request, "a cancellation was neither done nor too late", &answer);
	else if (answer.status == 200 && strcmp(json_text(answer.json, "/orders/0/status"), "canceled") != 0)
		note_violation(client, &request, "a canceled order is not shown as that", &answer);
	json_decref(answer.json);
}

/* One request from its first try to its answer, and what is done with it then. */
static void send_one(struct soak_client *client, CURL *curl)
{
	struct request request;
	struct answer answer;
	const char *queue_id;

	make_request(client, &request);
	client->requests++;
	client->kinds[request.kind]++;
	answer = call(client, curl, &request);
	if (answer.status != 200 && answer.status != 202) {
		client->refused++; /* the time that was named may be past when it is heard at last */
		if (request.kind != WINDOW || answer.status != 422)
			note_violation(client, &request, "refused", &answer);
		json_decref(answer.json);
		return;
	}
	keep(client, &request, &answer);
	queue_id = json_string_value(json_object_get(answer.json, "queue_id"));
	if (queue_id && request.kind == CANCELED)
		cancel(client, curl, &request, queue_id);
	else if (queue_id && soak_pick(&client->random, 10) == 0)
		test_key(client, curl, &request, queue_id);
	json_decref(answer.json);
}

static void *client_run(void *arg)
{
	struct soak_client *client = arg;
	CURL *curl = curl_easy_init();

	while (!atomic_load(client->is_over)) {
		send_one(client, curl);
		pause_ms((long)soak_pick(&client->random, PAUSE_MS));
	}
	curl_easy_cleanup(curl);
	return NULL;
}

void soak_client_start(struct soak_client *client)
{
	client->accepted = json_array();
	client->violations = json_array();
	if (pthread_create(&client->thread, NULL, client_run, client) != 0)
		abort();
}

void soak_client_join(struct soak_client *client)
{
	(void)pthread_join(client->thread, NULL);
}

void soak_client_free(struct soak_client *client)
{
	json_decref(client->accepted);
	json_decref(client->violations);
}

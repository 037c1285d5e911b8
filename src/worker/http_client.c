/* Calls: their life from the queue over curl to the function that wants the reply. The sockets are in http_sockets.c.
 */
#include "worker/http_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "shared/clock.h"
#include "shared/fault.h"
#include "worker/http_sockets.h"

/* A broker that hangs must not take all descriptors of the process. */
#define CALLS_AT_ONCE	 256
#define SPARE_HANDLES	 64
#define KEPT_CONNECTIONS 64
#define HEAD_MAX	 ((size_t)64 * 1024) /* all header lines of a reply together */
#define SWEEP_MS	 100

struct http_client_call {
	TAILQ_ENTRY(http_client_call) entry;
	struct http_client *client;
	CURL *easy; /* NULL while it waits in the queue */
	http_client_fn *fn;
	void *arg;
	enum http_client_method method;
	bool fresh_connection;
	bool was_sent;
	bool is_repeat; /* curl wanted to send it again by itself */
	bool is_late;	/* there was a connection only after send_by_us */
	bool too_large;
	char *url;
	char *request_body;
	struct curl_slist *headers;
	int64_t deadline_us, send_by_us;
	char *body;
	size_t length, capacity, body_max, head_length;
	char curl_says[CURL_ERROR_SIZE];
#ifdef MUSTER_FAULTS
	size_t given; /* of the body */
#endif
};
TAILQ_HEAD(call_list, http_client_call);

struct http_client {
	struct http_sockets *sockets;
	CURLM *multi;		      /* of `sockets` */
	struct call_list queued, out; /* in order of arrival */
	size_t out_count;
	struct event *sweep; /* looks for calls that became too old in the queue */
	CURL *spare[SPARE_HANDLES];
	size_t spare_count;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void call_free(struct http_client_call *call)
{
	curl_slist_free_all(call->headers);
	free(call->url);
	free(call->request_body);
	free(call->body);
	free(call);
}

/* Right before the first byte of a request leaves, also on a kept connection. Where a kept connection dies before a
 * byte of the reply, curl sends again by itself, and its caller sees only what was said to the second: "rejected",
 * perhaps, because the first was taken. So what is no GET goes out once. */
static int before_sending(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	struct http_client_call *call = arg;
	call->is_repeat = call->was_sent && call->method != HTTP_CLIENT_GET;
	if (call->is_repeat)
		return CURL_PREREQFUNC_ABORT;
	if (call->method == HTTP_CLIENT_POST)
		FAULT_POINT(SUBMIT_CONNECTED, NULL);
	call->is_late = call->send_by_us > 0 && clock_monotonic_us() >= call->send_by_us;
	if (call->is_late)
		return CURL_PREREQFUNC_ABORT;
	call->was_sent = true;
	return CURL_PREREQFUNC_OK;
}

#ifdef MUSTER_FAULTS
/* Gives the body away in two parts: curl sends the first before it asks for the second. */
static size_t give_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_client_call *call = arg;
	size_t length = strlen(call->request_body), half = length / 2;
	size_t part = call->given < half ? half : length - call->given;
	if (call->given == half && half > 0)
		FAULT_POINT(SUBMIT_HALF, NULL);
	part = part < size * count ? part : size * count;
	memcpy(bytes, call->request_body + call->given, part);
	call->given += part;
	return part;
}
#endif

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	struct http_client_call *call = arg;
	if (call->method == HTTP_CLIENT_POST && call->head_length == 0)
		FAULT_POINT(SUBMIT_SENT, NULL);
	call->head_length += size * count;
	call->too_large = call->head_length > HEAD_MAX;
	return call->too_large ? 0 : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_client_call *call = arg;
	size_t length = size * count;
	if (length > call->body_max - call->length) {
		call->too_large = true;
		return 0;
	}
	if (call->length + length + 1 > call->capacity) {
		call->capacity = (call->length + length + 1) * 2;
		call->body = must(realloc(call->body, call->capacity));
	}
	memcpy(call->body + call->length, bytes, length);
	call->length += length;
	call->body[call->length] = '\0';
	return length;
}

static bool is_loopback(const char *url)
{
	static const char *const hosts[] = {"127.", "localhost", "[::1]"};
	const char *host = strstr(url, "://");
	for (size_t i = 0; host && i < sizeof hosts / sizeof *hosts; i++)
		if (strncasecmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/* What is the same for every call. */
static void set_common(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hanging DNS thread must not hold the loop */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* One request at a time on a connection: what is said about `was_sent` is not worth much with multiplexing. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "muster/0.1");
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
}

static void set_call(CURL *easy, struct http_client_call *call, int64_t timeout_ms)
{
	curl_easy_setopt(easy, CURLOPT_URL, call->url);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_says);
	if (call->method == HTTP_CLIENT_POST) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(call->request_body));
#ifdef MUSTER_FAULTS
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(easy, CURLOPT_READDATA, call);
#else
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request_body);
#endif
	} else if (call->method == HTTP_CLIENT_DELETE) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	}
	if (call->fresh_connection) {
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	}
	/* A proxy of the environment cannot reach our own loopback. */
	if (is_loopback(call->url))
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

/* Hands the call to curl; it then cannot end before the loop runs. */
static void call_begin(struct http_client_call *call, int64_t left_us)
{
	struct http_client *client = call->client;
	call->easy = client->spare_count ? client->spare[--client->spare_count] : must(curl_easy_init());
	set_common(call->easy);
	set_call(call->easy, call, left_us / 1000 + 1);
	TAILQ_INSERT_TAIL(&client->out, call, entry);
	client->out_count++;
	CURLMcode code = curl_multi_add_handle(client->multi, call->easy);
	if (code != CURLM_OK)
		abort(); /* only without memory, or where we call curl from inside itself */
}

/* Takes the call back from curl. The handle keeps the reply's headers until handle_put. */
static CURL *call_leave(struct http_client_call *call)
{
	struct http_client *client = call->client;
	CURL *easy = call->easy;
	TAILQ_REMOVE(call->easy ? &client->out : &client->queued, call, entry);
	call->easy = NULL;
	if (easy) {
		client->out_count--;
		curl_multi_remove_handle(client->multi, easy);
	}
	return easy;
}

static void handle_put(struct http_client *client, CURL *easy)
{
	if (!easy)
		return;
	if (client->spare_count == SPARE_HANDLES) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	client->spare[client->spare_count++] = easy;
}

/* Ends a call with what became of it. */
static void call_end(struct http_client_call *call, const struct err *why)
{
	struct http_client *client = call->client;
	CURL *easy = call_leave(call);
	long status = 0;
	if (!why)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	struct http_client_reply reply = {
	    .status = (int)status,
	    .body = call->body ? call->body : "",
	    .length = call->length,
	    .was_sent = call->was_sent,
	    .err = why,
	    .handle = easy,
	};
	call->fn(&reply, call->arg);
	handle_put(client, easy);
	call_free(call);
}

/* Starts what has a place; what became too old while it waited ends here. */
static void queue_run(struct http_client *client)
{
	int64_t now_us = clock_monotonic_us();
	struct http_client_call *call;
	while (client->out_count < CALLS_AT_ONCE && (call = TAILQ_FIRST(&client->queued))) {
		int64_t left_us = call->deadline_us - now_us;
		if (left_us <= 0)
			break; /* the sweep's work */
		TAILQ_REMOVE(&client->queued, call, entry);
		call_begin(call, left_us);
	}
	if (!TAILQ_EMPTY(&client->queued) && !evtimer_pending(client->sweep, NULL))
		evtimer_add(client->sweep, &(struct timeval){.tv_usec = SWEEP_MS * 1000});
}

static void sweep_queue(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	struct http_client *client = arg;
	int64_t now_us = clock_monotonic_us();
	struct call_list late = TAILQ_HEAD_INITIALIZER(late);
	struct http_client_call *call, *next;
	for (call = TAILQ_FIRST(&client->queued); call; call = next) {
		next = TAILQ_NEXT(call, entry);
		if (call->deadline_us > now_us)
			continue;
		TAILQ_REMOVE(&client->queued, call, entry);
		TAILQ_INSERT_TAIL(&late, call, entry);
	}
	/* Their functions may start and abandon calls, also these: so one at a time, from a list that they are in. */
	TAILQ_CONCAT(&late, &client->queued, entry);
	TAILQ_CONCAT(&client->queued, &late, entry);
	while ((call = TAILQ_FIRST(&client->queued)) && call->deadline_us <= now_us) {
		struct err why;
		(void)err_set(&why, ERR_BROKER, "no connection came free in time: %d calls are out", CALLS_AT_ONCE);
		call_end(call, &why);
	}
	queue_run(client);
}

/* curl is done with one handle. */
static void handle_done(void *easy, int result, void *arg)
{
	struct http_client *client = arg;
	struct http_client_call *call = NULL;
	struct err why;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
	if (call->too_large)
		(void)err_set(&why, ERR_BROKER, "the reply is larger than allowed");
	else if (call->is_repeat)
		(void)err_set(&why, ERR_BROKER, "the connection died before the reply");
	else if (call->is_late)
		(void)err_set(&why, ERR_BROKER, "it could not leave for as long as it was allowed to");
	else if (result != CURLE_OK)
		(void)err_set(&why, ERR_BROKER, "%s",
			      *call->curl_says ? call->curl_says : curl_easy_strerror((CURLcode)result));
	call_end(call, result == CURLE_OK ? NULL : &why);
	queue_run(client);
}

struct http_client *http_client_new(struct event_base *base)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	struct http_client *client = must(calloc(1, sizeof *client));
	TAILQ_INIT(&client->queued);
	TAILQ_INIT(&client->out);
	client->sockets = http_sockets_new(base, handle_done, client);
	client->multi = http_sockets_multi(client->sockets);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	client->sweep = must(evtimer_new(base, sweep_queue, client));
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	struct http_client_call *call;
	while ((call = TAILQ_FIRST(&client->out)) || (call = TAILQ_FIRST(&client->queued)))
		http_client_abandon(call);
	while (client->spare_count)
		curl_easy_cleanup(client->spare[--client->spare_count]);
	http_sockets_free(client->sockets);
	event_free(client->sweep);
	free(client);
	curl_global_cleanup();
}

struct http_client_call *http_client_start(struct http_client *client, const struct http_client_request *request,
					   http_client_fn *fn, void *arg)
{
	assert(request->timeout_ms > 0);
	struct http_client_call *call = must(calloc(1, sizeof *call));
	call->client = client;
	call->fn = fn;
	call->arg = arg;
	call->method = request->method;
	call->fresh_connection = request->fresh_connection;
	call->url = must(strdup(request->url));
	call->request_body = must(strdup(request->body ? request->body : ""));
	for (const char *const *header = request->headers; header && *header; header++)
		call->headers = must(curl_slist_append(call->headers, *header));
	call->body_max = request->reply_max ? request->reply_max : HTTP_CLIENT_REPLY_MAX;
	call->deadline_us = clock_monotonic_us() + request->timeout_ms * 1000;
	call->send_by_us = request->send_by_us;
	TAILQ_INSERT_TAIL(&client->queued, call, entry);
	queue_run(client);
	return call;
}

void http_client_abandon(struct http_client_call *call)
{
	if (!call)
		return;
	struct http_client *client = call->client;
	handle_put(client, call_leave(call));
	call_free(call);
}

const char *http_client_header(const struct http_client_reply *reply, const char *name)
{
	struct curl_header *header;
	if (!reply->handle || curl_easy_header(reply->handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

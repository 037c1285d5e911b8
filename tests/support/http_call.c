/* libcurl, as any client of the API would use it; and a bare socket for what libcurl would never send. */
#include "tests/support/http_call.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#define MOMENT_MS   50 /* for a close behind an answer */
#define CALL_MOST_S 75L /* longer than the longest ?wait= */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_reply *reply = arg;
	size_t more = size * count;

	reply->body = realloc(reply->body, reply->length + more + 1);
	if (!reply->body)
		abort();
	memcpy(reply->body + reply->length, bytes, more);
	reply->length += more;
	reply->body[reply->length] = '\0';
	return more;
}

/* Keeps the header's value where it is this one. */
static void keep_header(const char *line, size_t length, const char *name, char *value, size_t size)
{
	size_t skip = strlen(name);

	if (length <= skip || strncasecmp(line, name, skip) != 0)
		return;
	(void)snprintf(value, size, "%.*s", (int)(length - skip), line + skip);
	value[strcspn(value, "\r\n")] = '\0';
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_reply *reply = arg;
	size_t length = size * count;

	keep_header(line, length, "Location: ", reply->location, sizeof reply->location);
	keep_header(line, length, "Content-Type: ", reply->content_type, sizeof reply->content_type);
	keep_header(line, length, "Allow: ", reply->allow, sizeof reply->allow);
	keep_header(line, length, "WWW-Authenticate: ", reply->authenticate, sizeof reply->authenticate);
	keep_header(line, length, "traceparent: ", reply->trace, sizeof reply->trace);
	keep_header(line, length, "Retry-After: ", reply->retry_after, sizeof reply->retry_after);
	return length;
}

/* The list of the call's headers. */
static struct curl_slist *headers_of(const struct http_call *call)
{
	struct curl_slist *list = NULL;
	const char *type = call->content_type ? call->content_type : "application/json";
	char line[256];

	if (call->body && strcmp(type, HTTP_CALL_CURL_TYPE) != 0) {
		(void)snprintf(line, sizeof line, *type ? "Content-Type: %s" : "Content-Type:", type);
		list = curl_slist_append(list, line);
	}
	for (size_t i = 0; i < HTTP_CALL_HEADERS_MAX && call->headers[i]; i++)
		list = curl_slist_append(list, call->headers[i]);
	return list;
}

struct http_reply *http_call(const struct http_call *call)
{
	struct http_reply *reply = calloc(1, sizeof *reply);
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = headers_of(call);
	long status = 0;

	if (!reply || !curl)
		abort();
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_MOST_S);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
	if (call->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca);
	if (call->body) {
		size_t length = call->length ? call->length : strlen(call->body);

		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
	} else if (strcmp(call->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	reply->status = (int)status;
	if (reply->body)
		reply->json = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return reply;
}

void http_reply_free(struct http_reply *reply)
{
	if (!reply)
		return;
	json_decref(reply->json);
	free(reply->body);
	free(reply);
}

struct http_task {
	pthread_t thread;
	struct http_call call;
	struct http_reply *reply;
};

static void *task_run(void *arg)
{
	struct http_task *task = arg;

	task->reply = http_call(&task->call);
	return NULL;
}

struct http_task *http_task_start(const struct http_call *call)
{
	struct http_task *task = calloc(1, sizeof *task);

	if (!task)
		abort();
	task->call = *call;
	if (pthread_create(&task->thread, NULL, task_run, task) != 0)
		abort();
	return task;
}

struct http_reply *http_task_end(struct http_task *task)
{
	struct http_reply *reply;

	(void)pthread_join(task->thread, NULL);
	reply = task->reply;
	free(task);
	return reply;
}

/* A socket connected to 127.0.0.1:port. */
static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		abort();
	return fd;
}

/* Whether an answer has come to the end that it announces. */
static bool is_whole(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\r\ncontent-length:");

	return end && (!length || length > end || strlen(end + 4) >= strtoul(length + 17, NULL, 10));
}

char *http_raw(int port, const char *bytes, size_t length, int wait_ms, bool *closed)
{
	int fd = connect_to(port);
	size_t size = 65536, got = 0;
	char *answer = calloc(1, size);
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	ssize_t more = 1;

	if (!answer)
		abort();
	for (size_t sent = 0; sent < length;) {
		ssize_t n = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);

		if (n <= 0)
			break; /* refused before it was read to its end */
		sent += (size_t)n;
	}
	while (more > 0 && got + 1 < size && poll(&waiting, 1, wait_ms >= 0 ? wait_ms : is_whole(answer) ? MOMENT_MS : -wait_ms) > 0) {
		more = recv(fd, answer + got, size - 1 - got, 0);
		got += more > 0 ? (size_t)more : 0;
	}
	if (closed)
		*closed = more <= 0;
	(void)close(fd);
	return answer;
}

/* The yardstick of the single-order POST: a bare evhttp server that parses the same body with jansson and answers with
 * the same number of bytes, without checking, storing or asking anything.
 *     bare PORT_FILE ANSWER_BYTES */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct bare {
	char *answer;
	size_t length;
};

static void answer(struct evhttp_request *request, void *arg)
{
	const struct bare *bare = arg;
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t length = evbuffer_get_length(body);
	json_t *json = json_loadb((const char *)evbuffer_pullup(body, -1), length, JSON_REJECT_DUPLICATES, NULL);
	struct evbuffer *out = evbuffer_new();

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evbuffer_add(out, bare->answer, bare->length);
	evhttp_send_reply(request, json ? 202 : 400, NULL, out);
	evbuffer_free(out);
	json_decref(json);
}

int main(int argc, char **argv)
{
	struct bare bare;
	if (argc != 3)
		return 2;
	bare.length = strtoul(argv[2], NULL, 10);
	bare.answer = malloc(bare.length + 1);
	if (!bare.answer)
		abort();
	memset(bare.answer, 'x', bare.length);

	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	if (!bound) {
		fprintf(stderr, "bare: cannot listen\n");
		return 1;
	}
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size);
	FILE *file = fopen(argv[1], "w");
	if (!file)
		return 1;
	fprintf(file, "%u\n", ntohs(address.sin_port));
	fclose(file);
	evhttp_set_gencb(http, answer, &bare);
	event_base_dispatch(base);
	return 0;
}

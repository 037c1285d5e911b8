/* The server: listens, and takes each request through the checks and the routes to its handler. */
#include "shared/http_parts.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "shared/config.h"
#include "shared/log.h"

#define BACKLOG 1024

/* Refuses a request that cannot be trusted to end where it seems to. */
static void refuse_and_close(struct http_request *request, const struct err *err)
{
	http_close_after(request);
	http_answer_error(request, err, NULL);
}

/* The method of a route for evhttp's; false where no route can have it. */
static bool method_of(enum evhttp_cmd_type type, enum http_method *method)
{
	static const struct {
		enum evhttp_cmd_type type;
		enum http_method method;
	} methods[] = {
	    {EVHTTP_REQ_GET, HTTP_GET}, {EVHTTP_REQ_HEAD, HTTP_GET},	  {EVHTTP_REQ_POST, HTTP_POST},
	    {EVHTTP_REQ_PUT, HTTP_PUT}, {EVHTTP_REQ_DELETE, HTTP_DELETE},
	};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (methods[i].type == type) {
			*method = methods[i].method;
			return true;
		}
	}
	return false;
}

/* Answers 404, or 405 with the methods that would do. */
static void refuse_route(struct http_request *request)
{
	struct err err;
	char allowed[64];
	if (!http_route_allowed(&request->server->routes, &request->path, allowed, sizeof allowed)) {
		err_set(&err, ERR_NOT_FOUND, "there is nothing at this path");
		http_answer_error(request, &err, NULL);
		return;
	}
	http_set_header(request, "Allow", allowed);
	err_set(&err, ERR_METHOD_NOT_ALLOWED, "this path takes %s", allowed);
	enum http_method method;
	if (method_of(evhttp_request_get_command(request->ev), &method))
		http_answer_error(request, &err, NULL);
	else /* evhttp has not read a body that may follow */
		refuse_and_close(request, &err);
}

/* Takes a request that has arrived to its handler, or refuses it. */
static void request_route(struct http_request *request)
{
	struct err err;
	struct http_server *server = request->server;
	enum http_method method;
	if (!http_check_headers(request->ev, &err)) {
		refuse_and_close(request, &err);
		return;
	}
	if (!http_path_split(request->text, &request->path)) {
		err_set(&err, ERR_NOT_FOUND, "there is nothing at this path");
		http_answer_error(request, &err, NULL);
		return;
	}
	if (method_of(evhttp_request_get_command(request->ev), &method))
		request->route = http_route_find(&server->routes, &request->path, method);
	if (!request->route) {
		refuse_route(request);
		return;
	}
	if (!http_check_body(request, request->route->row->body, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	if (!server->options.before || server->options.before(request, server->options.arg))
		request->route->row->handle(request, server->options.arg);
}

/* evhttp has read a whole request. */
static void request_arrived(struct evhttp_request *ev, void *arg)
{
	request_route(http_request_new(http_connection_of(arg, ev), ev));
}

/* accept(2) failed, as a rule because descriptors ran out: without a pause it would fail again at once, for ever. The
 * next tick listens again. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)arg; /* evhttp's, not ours */
	log_event(LOG_WARN, "accept_failed", "error", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()), NULL);
	evconnlistener_disable(listener);
}

/* Remembers which port was taken. */
static void port_read(struct http_server *server, evutil_socket_t fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &length))
		return;
	if (address.ss_family == AF_INET)
		server->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	else if (address.ss_family == AF_INET6)
		server->port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}

/* A socket that has this address; -1 where it cannot be had. */
static evutil_socket_t socket_bind(const struct http_server *server, const struct addrinfo *at)
{
	evutil_socket_t fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (evutil_make_listen_socket_reuseable(fd) != 0 ||
	    (server->options.share_port && evutil_make_listen_socket_reuseable_port(fd) != 0) ||
	    bind(fd, at->ai_addr, at->ai_addrlen) != 0) {
		evutil_closesocket(fd);
		return -1;
	}
	return fd;
}

/* Binds one of the addresses that the name stands for, and listens unless that is put off. */
static struct evconnlistener *listener_bind(struct http_server *server, const struct addrinfo *list)
{
	bool is_shut = server->options.is_shut;
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | (is_shut ? LEV_OPT_DISABLED : 0);
	for (const struct addrinfo *at = list; at; at = at->ai_next) {
		evutil_socket_t fd = socket_bind(server, at);
		struct evconnlistener *listener =
		    fd < 0 ? NULL : evconnlistener_new(server->base, NULL, NULL, flags, is_shut ? 0 : BACKLOG, fd);
		if (listener)
			return listener;
		if (fd >= 0)
			evutil_closesocket(fd);
	}
	return NULL;
}

/* Opens the listening socket of the options. */
static bool server_listen(struct http_server *server, struct err *err)
{
	char host[CONFIG_TEXT_SIZE], service[8];
	uint16_t port;
	const char *address = server->options.address;
	if (!config_split_address(address, host, &port, err))
		return false;
	snprintf(service, sizeof service, "%u", port);
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	int failed = getaddrinfo(*host ? host : NULL, service, &hints, &list);
	if (failed)
		return err_set(err, ERR_CONFIG, "cannot listen on %s: %s", address, gai_strerror(failed));
	struct evconnlistener *listener = listener_bind(server, list);
	freeaddrinfo(list);
	if (!listener)
		return err_set(err, ERR_CONFIG, "cannot listen on %s: %s", address,
			       evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	evutil_socket_t fd = evconnlistener_get_fd(listener);
	const int on = 1; /* Linux hands it on to every accepted socket */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	port_read(server, fd);
	evconnlistener_set_error_cb(listener, accept_failed);
	server->bound = evhttp_bind_listener(server->ev, listener);
	if (!server->bound)
		abort();
	server->is_open = !server->options.is_shut;
	return true;
}

bool http_server_open(struct http_server *server, struct err *err)
{
	if (!server->bound || server->is_open)
		return true;
	if (listen(evhttp_bound_socket_get_fd(server->bound), BACKLOG) != 0)
		return err_set(err, ERR_CONFIG, "cannot listen on %s: %s", server->options.address,
			       evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	evconnlistener_enable(evhttp_bound_socket_get_listener(server->bound));
	server->is_open = true;
	return true;
}

/* The usual value of each limit that the options leave out. */
static void limits_complete(struct http_limits *limits)
{
	static const struct http_limits usual = {
	    .max_uri_bytes = 8192,
	    .max_header_bytes = 16384,
	    .max_bodies_bytes = (size_t)256 * 1024 * 1024,
	    .max_connections = 4096,
	    .request_s = 30,
	    .idle_s = 75,
	    .answer_s = 120,
	};
#define COMPLETE(limit) (limits->limit = limits->limit ? limits->limit : usual.limit)
	COMPLETE(max_uri_bytes);
	COMPLETE(max_header_bytes);
	COMPLETE(max_bodies_bytes);
	COMPLETE(max_connections);
	COMPLETE(request_s);
	COMPLETE(idle_s);
	COMPLETE(answer_s);
#undef COMPLETE
}

struct http_server *http_server_new(struct event_base *base, const struct http_server_options *options, struct err *err)
{
	struct http_server *server = calloc(1, sizeof *server);
	if (!server)
		abort();
	server->base = base;
	server->options = *options;
	limits_complete(&server->options.limits);
	server->ev = evhttp_new(base);
	if (!server->ev || !http_drain_start(server) || !http_connections_start(server))
		abort();
	http_route_table_init(&server->routes, options->routes);
	/* Every method but CONNECT, whose target is no path, so that an unknown one gets our answer and not evhttp's.
	 */
	evhttp_set_allowed_methods(server->ev, (ev_uint16_t)(0xffff & ~EVHTTP_REQ_CONNECT));
	evhttp_set_gencb(server->ev, request_arrived, server);
	if (!http_server_load_tls(server, err) || !server_listen(server, err)) {
		http_server_free(server);
		return NULL;
	}
	return server;
}

size_t http_server_requests(const struct http_server *server)
{
	return server->handling + server->writing;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	evhttp_free(server->ev);
	for (struct http_request *request = server->requests; request; request = request->next)
		request->server = NULL;
	http_connections_end(server);
	http_tls_free(server);
	http_route_table_free(&server->routes);
	http_drain_end(server);
	free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
	return server->port;
}

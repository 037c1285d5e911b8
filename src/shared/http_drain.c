/* The end of a server that shares its address with others: nobody who has reached it is turned away.
 *
 * When the listening socket is closed the kernel resets what it has accepted and we have not, so that nobody may come in
 * between the last accept and the close. A filter keeps new ones out first: their SYN is lost, they send it again after a
 * second, as after any lost packet, and find another process. What has come in gets a while to send its request, as do kept
 * connections, on which one may be on its way; then an answer that closes the connection. */
#include "shared/http_parts.h"

#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "shared/log.h"

#define LOOK_MS	      50
#define IDLE_LOOKS    10  /* half a second for a first byte */
#define READING_LOOKS 100 /* five for a whole request */

/* Nothing is left: all requests have been answered, all connections are closed. */
static bool is_done(const struct http_server *server)
{
	return server->draining && !server->bound && !server->open && !http_server_requests(server);
}

/* Tells the owner, from the loop. */
static void tell_drained(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	if (server->options.drained && is_done(server))
		server->options.drained(server->options.arg);
}

/* Loses every packet that asks for a new connection; handshakes under way are completed. */
static void bar_door(struct http_server *server)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* the flags in the TCP header */
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02 /* SYN */, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = {sizeof code / sizeof *code, code};
	int fd = evhttp_bound_socket_get_fd(server->bound);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
		log_event(LOG_WARN, "door_not_barred", "error",
			  evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()), NULL);
}

/* Stops listening once nobody stands at the door; where others share the address, not before it has been barred for a
 * while. */
static void close_door(struct http_server *server)
{
	struct pollfd door = {.events = POLLIN};
	if (!server->bound)
		return;
	if (server->is_open && server->options.share_port && server->drain_looks == 0) {
		bar_door(server);
		return;
	}
	door.fd = evhttp_bound_socket_get_fd(server->bound);
	if (server->is_open && poll(&door, 1, 0) > 0)
		return; /* the loop accepts them before the next look */
	evhttp_del_accept_socket(server->ev, server->bound);
	server->bound = NULL;
}

/* Whether a connection has had its time. Bytes that nobody has read yet would be lost with a reset. */
static bool is_over(const struct http_connection *connection, unsigned looks)
{
	int unread = 0;
	if (connection->phase == HTTP_READING || connection->phase == HTTP_LINGERING)
		return looks >= READING_LOOKS;
	return connection->phase <= HTTP_IDLE && looks >= IDLE_LOOKS &&
	       (ioctl(connection->fd, FIONREAD, &unread) != 0 || unread == 0);
}

/* Looks at the door and at every connection, again and again until none is left. */
static void drain_look(evutil_socket_t unused, short what, void *arg)
{
	const struct timeval pause = {0, LOOK_MS * 1000};
	(void)unused, (void)what;
	struct http_server *server = arg;
	close_door(server);
	server->drain_looks++;
	for (size_t fd = 0; fd < server->connection_slots; fd++)
		if (server->connections[fd] && is_over(server->connections[fd], server->drain_looks))
			evhttp_connection_free(server->connections[fd]->ev);
	http_server_note_done(server);
	if (!is_done(server))
		event_add(server->drain_look, &pause);
}

void http_server_note_done(struct http_server *server)
{
	if (is_done(server))
		event_active(server->drained, EV_TIMEOUT, 0);
}

bool http_drain_start(struct http_server *server)
{
	server->drained = evtimer_new(server->base, tell_drained, server);
	server->drain_look = evtimer_new(server->base, drain_look, server);
	return server->drained && server->drain_look;
}

void http_drain_end(struct http_server *server)
{
	if (server->drained)
		event_free(server->drained);
	if (server->drain_look)
		event_free(server->drain_look);
}

void http_server_drain(struct http_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	drain_look(-1, 0, server);
}

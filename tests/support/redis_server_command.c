/* Commands to a server of a test, on a connection of its own that blocks. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/redis_server_private.h"

void redis_server_forget_client(struct redis_server *server)
{
	if (server->client)
		redisFree(server->client);
	server->client = NULL;
}

bool redis_server_log_in(const struct redis_server *server)
{
	const char *password = NULL;
	redisReply *reply;
	bool is_in;

	for (const char *const *option = server->options; option && *option; option++)
		if (strcmp(*option, "--requirepass") == 0)
			password = option[1];
	if (!password)
		return true;
	reply = redisCommand(server->client, "AUTH %s", password);
	is_in = reply && reply->type == REDIS_REPLY_STATUS;
	freeReplyObject(reply);
	return is_in;
}

/* Connects where there is no connection, or a broken one. */
static void connect_client(struct redis_server *server)
{
	if (server->client && server->client->err)
		redis_server_forget_client(server);
	if (server->client)
		return;
	server->client = redisConnectUnix(server->socket);
	if (!server->client || server->client->err || !redis_server_log_in(server))
		redis_server_give_up(server, "cannot connect");
}

/* Both forms of a command. A connection may have been cut since it was last used: then it is made anew, once. */
static redisReply *command(struct redis_server *server, const char *format, va_list args)
{
	bool is_old = server->client != NULL;
	redisReply *reply;
	va_list again;

	va_copy(again, args);
	connect_client(server);
	reply = redisvCommand(server->client, format, args);
	if (!reply && is_old) {
		connect_client(server);
		reply = redisvCommand(server->client, format, again);
	}
	va_end(again);
	if (!reply)
		redis_server_give_up(server, "no reply");
	if (reply->type == REDIS_REPLY_ERROR) {
		(void)fprintf(stderr, "redis_server: %s: %s\n", format, reply->str);
		redis_server_give_up(server, "error reply");
	}
	return reply;
}

redisReply *redis_server_command(struct redis_server *server, const char *format, ...)
{
	redisReply *reply;
	va_list args;

	va_start(args, format);
	reply = command(server, format, args);
	va_end(args);
	return reply;
}

void redis_server_run(struct redis_server *server, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	freeReplyObject(command(server, format, args));
	va_end(args);
}

/* What the files of redis_server.h share: redis_server.c starts and ends a server, redis_server_torment.c makes it suffer,
 * redis_server_command.c talks to it. Nobody else includes this. */
#ifndef MUSTER_TEST_REDIS_SERVER_PRIVATE_H
#define MUSTER_TEST_REDIS_SERVER_PRIVATE_H

#include "tests/support/redis_server.h"

struct redis_server {
	pid_t pid; /* 0 while it does not run */
	uint16_t port;
	bool is_frozen;
	const char *const *options;
	redisContext *client;
	char folder[64];
	char socket[96];
	char url[128];
	char tcp_url[64];
	char log[96];
	char clock[96]; /* "": the system's; else the file that says how far it is moved */
};

/* Ends the test program: nothing that follows could mean anything. */
void redis_server_give_up(const struct redis_server *server, const char *what);

/* Drops the connection of redis_server_command. */
void redis_server_forget_client(struct redis_server *server);

/* Logs that connection in, where the options ask for a password. */
bool redis_server_log_in(const struct redis_server *server);

#endif

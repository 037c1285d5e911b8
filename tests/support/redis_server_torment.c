/* What a Redis server goes through while it runs. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support/redis_server_private.h"

void redis_server_freeze(struct redis_server *server)
{
	int status;

	if (kill(server->pid, SIGSTOP) != 0 || waitpid(server->pid, &status, WUNTRACED) != server->pid)
		redis_server_give_up(server, "cannot freeze");
	server->is_frozen = true;
}

void redis_server_thaw(struct redis_server *server)
{
	if (kill(server->pid, SIGCONT) != 0)
		redis_server_give_up(server, "cannot thaw");
	server->is_frozen = false;
}

/* How large a file may become. */
static void limit_files(struct redis_server *server, rlim_t most)
{
	const struct rlimit limit = {most, RLIM_INFINITY};

	if (prlimit(server->pid, RLIMIT_FSIZE, &limit, NULL) != 0)
		redis_server_give_up(server, "cannot limit files");
}

void redis_server_fill_disk(struct redis_server *server)
{
	limit_files(server, 1);
}

void redis_server_free_disk(struct redis_server *server)
{
	limit_files(server, RLIM_INFINITY);
}

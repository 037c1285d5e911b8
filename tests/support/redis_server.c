/* Starts real Redis servers, because what matters about Redis (replies that never come, scripts that are gone, data
 * that is there after a kill) is just what an imitation would get wrong. */
#include "tests/support/redis_server_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "tests/support/source_folder.h"

#define ARGV_MAX      64
#define START_MOST_MS 20000
#define POLL_MS	      5

void redis_server_give_up(const struct redis_server *server, const char *what)
{
	(void)fprintf(stderr, "redis_server: %s (%s)\n", what, strerror(errno));
	redis_server_print_log(server);
	abort();
}

/* A pause between two looks at a condition. */
static void pause_ms(long ms)
{
	struct timespec pause = {0, ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

/* A port that was free a moment ago. */
static uint16_t find_port(const struct redis_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		redis_server_give_up(server, "no free port");
	(void)close(fd);
	return ntohs(address.sin_port);
}

/* The child: becomes redis-server. Only what is safe after fork. */
static void become_redis(const struct redis_server *server, pid_t parent, char **argv, char **environment)
{
	int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGXFSZ, SIG_IGN); /* a full disk is an error of write, as on a real one */
	if (getppid() != parent || log < 0)
		_exit(127); /* the test has gone already */
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	(void)execvpe(argv[0], argv, environment);
	_exit(127);
}

/* Our environment and, where the server has a clock of its own, what moves it. The caller frees all but what is
 * borrowed. */
static char **environment_new(const struct redis_server *server, char **moved, char **preload)
{
	size_t count = 0, kept = 0;
	char **list, *build = build_folder();

	while (environ[count])
		count++;
	list = calloc(count + 3, sizeof *list);
	if (!list || asprintf(moved, "MOVED_CLOCK=%s", server->clock) < 0 ||
	    asprintf(preload, "LD_PRELOAD=%s/moved_clock.so", build) < 0)
		abort();
	for (size_t i = 0; i < count; i++)
		if (!server->clock[0] || strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
			list[kept++] = environ[i];
	if (server->clock[0]) {
		list[kept++] = *moved;
		list[kept++] = *preload;
	}
	free(build);
	return list;
}

/* Starts the process; does not wait for anything. */
static void spawn(struct redis_server *server)
{
	char port[16];
	const char *const fixed[] = {"redis-server",
				     "--port",
				     port,
				     "--bind",
				     "127.0.0.1",
				     "--unixsocket",
				     server->socket,
				     "--dir",
				     server->folder,
				     "--save",
				     "",
				     "--appendonly",
				     "yes",
				     "--appendfsync",
				     "everysec",
				     "--maxmemory-policy",
				     "noeviction",
				     "--daemonize",
				     "no",
				     "--enable-debug-command",
				     "yes"};
	const char *argv[ARGV_MAX];
	size_t count = sizeof fixed / sizeof fixed[0];
	pid_t parent = getpid();
	char *moved = NULL, *preload = NULL, **environment = environment_new(server, &moved, &preload);

	(void)snprintf(port, sizeof port, "%d", (int)server->port);
	memcpy(argv, fixed, sizeof fixed);
	for (const char *const *option = server->options; option && *option && count + 1 < ARGV_MAX; option++)
		argv[count++] = *option;
	argv[count] = NULL;
	server->is_frozen = false;
	server->pid = fork();
	if (server->pid < 0)
		redis_server_give_up(server, "cannot fork");
	if (server->pid == 0)
		become_redis(server, parent, (char **)(uintptr_t)argv, environment);
	free(environment);
	free(moved);
	free(preload);
}

/* Whether it answers; a server that wants a password, or refuses otherwise but is not loading, is there too. */
static bool answers(struct redis_server *server)
{
	redisReply *reply;
	bool yes;

	redis_server_forget_client(server);
	server->client = redisConnectUnix(server->socket);
	if (!server->client || server->client->err || !redis_server_log_in(server))
		return false;
	reply = redisCommand(server->client, "PING");
	yes = reply && strncmp(reply->str, "LOADING", 7) != 0;
	freeReplyObject(reply);
	return yes;
}

/* Waits until PING answers. */
static void wait_until_ready(struct redis_server *server)
{
	for (int waited_ms = 0; !answers(server); waited_ms += POLL_MS) {
		int status;

		if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
			server->pid = 0;
			redis_server_give_up(server, "redis-server ended instead of starting; is it installed?");
		}
		if (waited_ms > START_MOST_MS)
			redis_server_give_up(server, "redis-server does not answer");
		pause_ms(POLL_MS);
	}
}

/* Makes the folder and starts in it. */
static struct redis_server *start(const char *const *options, bool tcp, int64_t at_ms)
{
	struct redis_server *server = calloc(1, sizeof *server);

	if (!server)
		abort();
	(void)signal(SIGPIPE, SIG_IGN); /* a cut connection is an error of write */
	(void)snprintf(server->folder, sizeof server->folder, "/tmp/muster-redis-XXXXXX");
	if (!mkdtemp(server->folder))
		redis_server_give_up(server, "no folder under /tmp");
	(void)snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->folder);
	(void)snprintf(server->log, sizeof server->log, "%s/redis.log", server->folder);
	(void)snprintf(server->url, sizeof server->url, "unix://%s?db=0", server->socket);
	server->port = tcp ? find_port(server) : 0;
	(void)snprintf(server->tcp_url, sizeof server->tcp_url, "redis://127.0.0.1:%d/0", (int)server->port);
	server->options = options;
	if (at_ms) {
		(void)snprintf(server->clock, sizeof server->clock, "%s/clock", server->folder);
		redis_server_set_clock(server, at_ms);
	}
	redis_server_restart(server);
	return server;
}

struct redis_server *redis_server_start(const char *const *options)
{
	return start(options, false, 0);
}

struct redis_server *redis_server_start_tcp(const char *const *options)
{
	return start(options, true, 0);
}

struct redis_server *redis_server_start_at(const char *const *options, int64_t at_ms)
{
	return start(options, false, at_ms);
}

void redis_server_set_clock(struct redis_server *server, int64_t at_ms)
{
	int64_t offset_us = at_ms * 1000 - clock_wall_ms() * 1000;
	int fd = open(server->clock, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, &offset_us, sizeof offset_us, 0) != sizeof offset_us)
		redis_server_give_up(server, "its clock cannot be set");
	(void)close(fd);
}

/* Sends a signal that ends the process and waits for it. */
static void end_with(struct redis_server *server, int signal_number)
{
	redis_server_forget_client(server);
	if (!server->pid)
		return;
	if (server->is_frozen && signal_number != SIGKILL)
		redis_server_thaw(server);
	(void)kill(server->pid, signal_number);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	server->pid = 0;
}

/* One entry of the folder, for nftw. */
static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

void redis_server_stop(struct redis_server *server)
{
	if (!server)
		return;
	end_with(server, SIGKILL);
	(void)nftw(server->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(server);
}

void redis_server_kill(struct redis_server *server)
{
	end_with(server, SIGKILL);
}

void redis_server_end(struct redis_server *server)
{
	end_with(server, SIGTERM);
}

void redis_server_restart(struct redis_server *server)
{
	end_with(server, SIGKILL);
	spawn(server);
	wait_until_ready(server);
}

void redis_server_restart_with(struct redis_server *server, const char *const *options)
{
	end_with(server, SIGKILL);
	server->options = options;
	spawn(server);
}

bool redis_server_has_ended(struct redis_server *server)
{
	int status;

	if (server->pid && waitpid(server->pid, &status, WNOHANG) == server->pid)
		server->pid = 0;
	return server->pid == 0;
}

const char *redis_server_url(const struct redis_server *server)
{
	return server->url;
}

const char *redis_server_tcp_url(const struct redis_server *server)
{
	return server->tcp_url;
}

const char *redis_server_socket(const struct redis_server *server)
{
	return server->socket;
}

const char *redis_server_folder(const struct redis_server *server)
{
	return server->folder;
}

uint16_t redis_server_port(const struct redis_server *server)
{
	return server->port;
}

pid_t redis_server_pid(const struct redis_server *server)
{
	return server->pid;
}

void redis_server_print_log(const struct redis_server *server)
{
	FILE *log = fopen(server->log, "re");
	char line[512];

	if (!log)
		return;
	(void)fprintf(stderr, "--- log of redis-server in %s\n", server->folder);
	while (fgets(line, sizeof line, log))
		(void)fputs(line, stderr);
	(void)fputs("---\n", stderr);
	(void)fclose(log);
}

/* A real redis-server for one test: its own folder under /tmp, its own unix socket, appendonly yes.
 *
 * It ends with the test, also when the test crashes (PR_SET_PDEATHSIG), and only ever signals the process it started.
 * Whatever cannot be done ends the test program with a message and the server's log. */
#ifndef MUSTER_TEST_REDIS_SERVER_H
#define MUSTER_TEST_REDIS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <hiredis/hiredis.h>

struct redis_server;

/* `options`: NULL, or more words of the command line, ended by NULL ({"--maxmemory", "1mb", NULL}); they stand after
 * our own and so win, and are borrowed for as long as the server may be restarted. Where "--requirepass" is among them we
 * log in with it. Returns when PING answers. */
struct redis_server *redis_server_start(const char *const *options);

/* The same, listening on a free port of 127.0.0.1 too. */
struct redis_server *redis_server_start_tcp(const char *const *options);

/* The same as redis_server_start, with a wall clock of its own (tests/shim/moved_clock.c): it shows `at_ms` now, and
 * goes on from there, or from what it is set to later. */
struct redis_server *redis_server_start_at(const char *const *options, int64_t at_ms);
void redis_server_set_clock(struct redis_server *server, int64_t at_ms);

/* Ends the server and removes its folder. NULL is fine. */
void redis_server_stop(struct redis_server *server);

/* SIGKILL; the folder stays. */
void redis_server_kill(struct redis_server *server);

/* SIGTERM, waiting for its end; the folder stays. */
void redis_server_end(struct redis_server *server);

/* Starts again what was killed or ended, on the same folder, socket and port. Returns when PING answers. */
void redis_server_restart(struct redis_server *server);

/* Starts again without waiting, with other `options` than before (NULL: none). */
void redis_server_restart_with(struct redis_server *server, const char *const *options);

/* SIGSTOP and SIGCONT. */
void redis_server_freeze(struct redis_server *server);
void redis_server_thaw(struct redis_server *server);

/* Nothing more can be written to any file, as on a full disk; and there is room again. A restart makes room too. */
void redis_server_fill_disk(struct redis_server *server);
void redis_server_free_disk(struct redis_server *server);

/* Whether it has ended by itself. */
bool redis_server_has_ended(struct redis_server *server);

/* "unix:///path?db=0" and, where it listens on a port, "redis://127.0.0.1:port/0". */
const char *redis_server_url(const struct redis_server *server);
const char *redis_server_tcp_url(const struct redis_server *server);
const char *redis_server_socket(const struct redis_server *server);
const char *redis_server_folder(const struct redis_server *server);
uint16_t redis_server_port(const struct redis_server *server); /* 0: none */
pid_t redis_server_pid(const struct redis_server *server);

/* One command on a connection of its own that blocks; connects again where it was lost. Ends the test where there is no
 * reply or an error reply. The caller frees the reply. */
redisReply *redis_server_command(struct redis_server *server, const char *format, ...);

/* The same, for its effect only. */
void redis_server_run(struct redis_server *server, const char *format, ...);

/* Copies the server's log to standard error: for tests that failed. */
void redis_server_print_log(const struct redis_server *server);

#endif

/* The whole of Muster for one test: a private Redis, the paper broker, APIs and workers as real programs on free ports,
 * in one private folder. Times are short by configuration: leases of a second, calls to the broker of half a second.
 *
 * What the API accepted is written down as it is answered, so that at the end an auditor (check.h) can hold it against
 * what Redis and the broker's ledger say. Whatever is returned here belongs to the stack. */
#ifndef MUSTER_TEST_STACK_H
#define MUSTER_TEST_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "tests/support/http_call.h"
#include "tests/support/process.h"
#include "tests/support/redis_server.h"

#define STACK_APIS_MAX	   2
#define STACK_WORKERS_MAX  4
#define STACK_SETTINGS_MAX 16
#define STACK_SPARE_SYMBOLS                                                                                            \
	200 /* S000 to S199; price 10 + 0.37 each; besides AAPL 190.25, MSFT 410.5, GOOG 141.8, F 12.34 */

/* Windows fall due at midnight, so only by hand, unless the settings say otherwise. */
struct stack_options {
	int apis; /* 0: one */
	int workers;
	bool is_redis_away;			  /* Redis has its place but does not run, and no stocks are stored */
	bool has_proxy;				  /* between the programs and Redis */
	const char *at;				  /* Redis's clock at the start, RFC 3339; NULL: the system's */
	const char *const *redis;		  /* more words of its command line, ended by NULL */
	const char *settings[STACK_SETTINGS_MAX]; /* section.key=value; over our own, for all programs */
	const char *tokens;			  /* the file of api.tokens_file (stack->tokens_path); NULL: none */
	const char *bearer;			  /* the token that calls send, see stack->bearer */
	const char *login;			  /* "user:password", in the configuration's redis.url; NULL: none */
	const char *ini;			  /* more lines of the configuration; NULL: none */
};

struct kept;
struct proxy;

struct stack {
	struct redis_server *redis;
	struct proxy *proxy; /* NULL where the options ask for none */
	struct process *paper, *apis[STACK_APIS_MAX], *workers[STACK_WORKERS_MAX];
	int paper_port, api_ports[STACK_APIS_MAX];
	struct stack_options options;
	json_t *accepted; /* queue_id -> orders, as they were first answered */
	struct kept *kept;
	const char *bearer; /* what calls without a header Authorization send; NULL: nothing */
	char tokens_path[96];
	bool passed;
	char folder[64];
	char ledger_path[96];
	char *build; /* the folder of the programs */
};

/* Everything is up when this returns. Aborts, with the logs, where something does not start. */
struct stack *stack_start(const struct stack_options *options);

/* The end of a test that went well: everything is exact (check.h), every program that runs drains and exits with 0. */
void stack_finish(struct stack *stack);

/* The same without the auditor, for tests in which something is meant to be wrong. */
void stack_finish_unchecked(struct stack *stack);

/* The teardown: ends what still runs, shows the logs of a test that failed, removes the folder (with
 * MUSTER_TEST_KEEP in the environment it stays, with logs and ledger). NULL is fine. */
void stack_stop(struct stack *stack);

/* The same as cmocka wants it: *state is the stack. */
int stack_teardown(void **state);

/* Each starts one program (again) and waits until it works; an API and the paper broker keep their ports. */
void stack_start_paper(struct stack *stack);
void stack_start_api(struct stack *stack, int i);
void stack_start_worker(struct stack *stack, int i);

/* The same without waiting, for where it cannot work yet. */
void stack_start_worker_unseen(struct stack *stack, int i);
void stack_start_api_unseen(struct stack *stack, int i);
void stack_start_paper_unseen(struct stack *stack);

/* What this worker had in hand is anybody's now, as when its leases have run out: for one that is dead or stopped, so
 * that leases can be longer than any pause of the machine. Its own clock does not see it. */
void stack_end_leases(struct stack *stack, const struct process *worker);

/* SIGTERM; the exit code must be 0. */
void stack_end_program(struct process **program);

/* SIGKILL. */
void stack_kill_program(struct process **program);

/* Waits until GET /readyz of this API answers with this status. */
void stack_wait_ready(struct stack *stack, int i, int status);

/* Writes the file of tokens anew; a SIGHUP makes the APIs read it. */
void stack_write_tokens(struct stack *stack, const char *text);

/* PUT /stocks with all stocks, as CSV. */
void stack_put_stocks(struct stack *stack);

/* --- calls to the first API; the test fails where the status is another */

json_t *stack_get(struct stack *stack, int status, const char *path, ...) __attribute__((format(printf, 3, 4)));
json_t *stack_delete(struct stack *stack, int status, const char *path, ...) __attribute__((format(printf, 3, 4)));
/* `body` NULL: none. */
json_t *stack_post(struct stack *stack, int status, const char *path, const char *body, ...)
    __attribute__((format(printf, 4, 5)));
json_t *stack_put(struct stack *stack, int status, const char *path, const char *body, ...)
    __attribute__((format(printf, 4, 5)));

/* POST /trade-queue/queue/order, accepted. */
json_t *stack_queue(struct stack *stack, const char *body, ...) __attribute__((format(printf, 2, 3)));

/* The same for one order of user, smallcase "sc1". */
json_t *stack_queue_one(struct stack *stack, const char *user, const char *action, const char *symbol,
			const char *quantity);

/* The request of an answer that has a queue_id, once all its orders are final. */
json_t *stack_wait_final(struct stack *stack, const json_t *answer);

/* Any call (its `url` is a path) to API `i`; its reply is the stack's. */
const struct http_reply *stack_call(struct stack *stack, int i, const struct http_call *call);

/* The same in a thread of its own. */
struct http_task *stack_begin(struct stack *stack, int i, const struct http_call *call);
const struct http_reply *stack_end(struct stack *stack, struct http_task *task);

/* PUT /paper/settings. */
void stack_set_paper(struct stack *stack, const char *settings, ...) __attribute__((format(printf, 2, 3)));

/* PUT /paper/clock. */
void stack_set_paper_clock(struct stack *stack, const char *at);

/* Makes all open windows due, and waits until they are done; returns the answer, with blocks. */
json_t *stack_process(struct stack *stack);

/* Printed text that lives as long as the stack. */
const char *stack_text(struct stack *stack, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves Redis's clock; only where the options had `at`. */
void stack_set_clock(struct stack *stack, const char *at);

/* An integer out of Redis (also of a text of digits); a command without a reply of that kind counts as -1. */
int64_t stack_redis_int(struct stack *stack, const char *command);

#endif

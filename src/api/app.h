/* What one API process is made of. Every handler gets it as its `arg`; there are no globals.
 *
 * Redis holds all state: what is here can be lost at any instant. The parts are made in the order they stand in and
 * freed in the opposite one (main.c). */
#ifndef MUSTER_API_APP_H
#define MUSTER_API_APP_H

#include <stdbool.h>

#include <event2/event.h>

#include "api/failure.h"
#include "api/request_log.h"
#include "shared/config.h"
#include "shared/http.h"
#include "shared/ids.h"
#include "shared/program.h"
#include "shared/redis_generation.h"
#include "shared/redis_link.h"

struct access_table;
struct commit;
struct events;
struct glance;
struct metrics;
struct redis_time;
struct stock_table;
struct waiters;

struct app {
	struct program *program;
	struct event_base *base;     /* the program's */
	const struct config *config; /* the program's */

	struct redis_generation *generation; /* what Redis is held against before it is worked with */
	struct redis_link *write;   /* scripts that write, `WAIT` behind them */
	struct redis_link *read;    /* everything else */
	struct redis_link *done;    /* listens on `done`: blocks and windows that ended */
	struct redis_link *changes; /* listens on `changes`: reference data that changed */

	struct stock_table *stocks; /* a copy in memory */
	struct redis_time *time;    /* Redis's clock */
	struct commit *commit;	    /* orders on their way into Redis */
	struct waiters *waiters;    /* answers that wait for orders to end */
	struct access_table *access; /* NULL: there are no tokens, everybody on this machine may everything */
	struct metrics *metrics;    /* what this process counts */
	struct glance *glance;	    /* the state, shared by all who watch */
	struct events *events;	    /* who watches */
	struct http_server *server;

	struct failure_log failures;
	struct request_log request_log;
	struct ids_pool ids; /* for requests without a key */
	char deployment[16]; /* its id; "" until Redis has told it */
	bool is_draining;    /* SIGTERM came: answer what is in hand, take nothing new */
	bool is_ending;	     /* the parts are being freed: look at none of them */
	bool is_hurried;     /* ... and do not wait for anything any more */
	struct event *door; /* opens the server; NULL once it is open */
	unsigned door_looks;
	struct event *drain_step;
};

#endif

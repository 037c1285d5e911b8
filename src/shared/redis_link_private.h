/* What the files of the link share: redis_link.c (life of the connection), redis_call.c (calls and their replies),
 * redis_judge.c (error replies), redis_steps.c (log in and check), redis_events.c (hiredis on libevent), script_args.c.
 * Nobody else includes this. */
#ifndef MUSTER_REDIS_LINK_PRIVATE_H
#define MUSTER_REDIS_LINK_PRIVATE_H

#include <sys/queue.h>

#include <hiredis/async.h>

#include "shared/redis_generation.h"
#include "shared/redis_link.h"
#include "shared/redis_url.h"

struct redis_call;
TAILQ_HEAD(redis_call_list, redis_call);

enum link_state {
	LINK_RESTING,	 /* no connection; waits for the retry timer */
	LINK_CONNECTING, /* waits for the socket */
	LINK_CHECKING,	 /* waits for the replies to the steps that lead to up */
	LINK_UP,	 /* takes calls */
	LINK_DRAINING	 /* takes none; waits for the replies that are still out, then closes */
};

struct script_args {
	char *bytes; /* "$3\r\nabc\r\n" for each */
	size_t length, capacity;
	size_t count;
};

struct redis_link {
	struct event_base *base;
	const struct config *config;
	const struct redis_link_hooks *hooks;
	void *arg;
	char *name;
	char *channel; /* NULL: an ordinary link */
	char *tag;     /* "PREFIX:{0}" */
	struct redis_url url;
	struct err url_err; /* set where the URL itself is wrong */
	char place[256];    /* the URL without its secret */

	enum link_state state;
	redisAsyncContext *context; /* NULL while resting; `context->data` is the link until the link lets go of it */
	unsigned step;		    /* row of the steps that is being answered */
	bool is_checking;	    /* the standing check of a link that is up is out */
	bool wants_check;	    /* another one is wanted at once */
	struct redis_generation *generation_kept; /* NULL: not this link's business. Borrowed */
	char replid[48];			  /* master_replid, as the last check saw it */
	bool is_unfit;				  /* the last check found what `strict` forbids */
	bool is_master;				  /* as the last check saw it */
	bool fsync_is_secret;			  /* CONFIG GET was refused: not asked again */
	struct err why;				  /* why the link is not up */
	struct err told;			  /* what the hook was last told; no code: it was told up */
	char fsync_warned[32];
	struct err durable_warned;
	unsigned attempts; /* since the link was last up */
	struct event *retry, *patience, *check;

	uint64_t generation;	   /* counts the times the link came up */
	uint64_t write_generation; /* of the last call sent */
	uint64_t repeats;	   /* calls that were sent a second time after NOSCRIPT */
	struct redis_call_list calls, refused;
	struct event *overdue, *refusals;
	int64_t last_deadline_us;   /* of the last call in the queue */
	int64_t watched_us;	    /* when `overdue` fires, while it is set */
	struct script_args scratch; /* a command on its way into the connection */
};

/* Zeroed memory; aborts where there is none. */
void *redis_alloc(size_t size);

/* Puts hiredis on the loop; everything is undone when hiredis frees the context. */
void redis_events_attach(redisAsyncContext *context, struct event_base *base);

/* Says what an error reply to a call means; always false, as err_set. */
bool redis_judge_error(const char *what, bool is_script, const char *words, struct err *err);

/* Appends bytes that are in the form of the wire already. */
void script_args_add_raw(struct script_args *args, const void *bytes, size_t length);

/* Closes the connection at once and plans the next attempt. Calls that are out get ERR_OUTCOME_UNKNOWN. */
void redis_link_drop(struct redis_link *link, const char *why);

/* Takes no more calls, and drops the connection when those that are out have been answered: what Redis says to them is
 * worth more than "unknown". From inside a reply only. */
void redis_link_condemn(struct redis_link *link, const char *why);

/* All steps are taken. */
void redis_link_come_up(struct redis_link *link);

void redis_link_set_timer(struct event *timer, int64_t after_ms);

/* Takes the steps, from the first, that lead from a connected socket to redis_link_come_up or redis_link_drop. */
void redis_steps_begin(struct redis_link *link);

/* The standing check of a link that is up: a Redis can be demoted or reconfigured while we are connected. */
void redis_steps_plan_check(struct redis_link *link);
void redis_steps_on_check(evutil_socket_t fd, short what, void *arg);

void redis_calls_init(struct redis_link *link);
void redis_calls_free(struct redis_link *link);

/* Sends a command of the link's own, in any state that has a connection. */
void redis_call_internal(struct redis_link *link, int argc, const char *const *argv, redis_reply_fn *fn);

/* Answers every call that is out with this error. */
void redis_calls_fail(struct redis_link *link, const struct err *err);

#endif

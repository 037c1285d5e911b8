/* What the files of the Alpaca adapter share: alpaca.c (life, one-order calls), alpaca_call.c (calls and their
 * answers), alpaca_walk.c (many orders from few requests), alpaca_follow.c and alpaca_fills.c (its two kinds). Nobody
 * else includes this. */
#ifndef MUSTER_ALPACA_PRIVATE_H
#define MUSTER_ALPACA_PRIVATE_H

#include <sys/queue.h>

#include <jansson.h>

#include "worker/alpaca_errors.h"
#include "worker/alpaca_order.h"
#include "worker/broker.h"
#include "worker/http_client.h"
#include "worker/rate.h"

#define ALPACA_PATH_SIZE 1024
#define ALPACA_WORDS_MAX 16
#define ALPACA_REPLY_MAX ((size_t)4 * 1024 * 1024) /* a page of 500 orders is near 1 MiB */
#define ALPACA_PAGES_MAX 1000

/* One call of the interface that has not been answered yet. */
struct alpaca_call {
	TAILQ_ENTRY(alpaca_call) entry; /* in `calls` */
	TAILQ_ENTRY(alpaca_call) turn;	/* in `deferred`, or a walk's `waiting` */
	struct alpaca *alpaca;
	enum alpaca_op op;
	broker_fn *fn; /* one of the three */
	broker_fills_fn *fills_fn;
	broker_list_fn *list_fn;
	void *arg;
	struct http_client_call *http; /* NULL where none of its own is out */
	struct rate_ask *ask;	       /* its request waits for a token */
	uint64_t rate_id;
	enum http_client_method method; /* of that request, and its path; owned */
	char *path;
	http_client_fn *replied;
	char client_order_id[BROKER_ID_SIZE];
	char symbol[CONFIG_NAME_SIZE * 2];
	struct alpaca_expected expected; /* for submit and look_up; points into this call */
	char broker_order_id[BROKER_ID_SIZE];
	int64_t since_ms;
	struct broker_fill *fills; /* found so far */
	size_t fill_count, fill_capacity;
	int64_t fills_nano, expected_nano; /* found so far, and enough */
	struct broker_listed *listed;
	size_t listed_count, pages;
	struct broker_result result; /* of a deferred call; of a walk's: ACCEPTED, or what is wrong with its rows */
};
TAILQ_HEAD(alpaca_calls, alpaca_call);

struct alpaca_walk;

struct alpaca {
	struct broker broker;
	struct http_client *client;
	char base_url[CONFIG_TEXT_SIZE]; /* without a slash at the end */
	char key_id_line[CONFIG_TEXT_SIZE + 32];
	char key_secret_line[CONFIG_TEXT_SIZE + 32];
	const char *headers[5];
	struct alpaca_calls calls;    /* all, in order of arrival */
	struct alpaca_calls deferred; /* to be answered with their `result` when the loop turns */
	struct event *turn;
	struct alpaca_walk *orders, *fills;
	int64_t paused_until_us; /* the broker asked us to wait: nothing is sent before */
	struct err paused_why;
	bool paused_for_keys;		   /* it refuses our credentials */
	char warned[ALPACA_WORDS_MAX][32]; /* status words that were logged as not known */
	size_t warned_count;
};

/* --- alpaca_call.c */

struct alpaca_call *alpaca_call_new(struct alpaca *alpaca, enum alpaca_op op, broker_fn *fn, void *arg);

/* Answers and frees the call. */
void alpaca_answer(struct alpaca_call *call, const struct broker_result *result);
/* The same with the call's own `result`, when the loop turns. */
void alpaca_answer_later(struct alpaca_call *call);
void alpaca_answer_deferred(struct alpaca *alpaca);

/* True, with `result` filled, while the broker wants nothing from us. */
bool alpaca_is_paused(const struct alpaca *alpaca, struct broker_result *result);

/* Sends the request of one call, GET or DELETE, once it has a token, where there is a limit; answers the call where the
 * broker wants none now. */
void alpaca_send_call(struct alpaca_call *call, enum http_client_method method, const char *path, http_client_fn *fn);

/* Sends a request; the caller has made sure that there is no pause. */
struct http_client_call *alpaca_send(struct alpaca *alpaca, const struct http_client_request *request, const char *path,
				     http_client_fn *fn, void *arg);

/* Judges a reply that is not the success of `op`, and pauses the adapter where that asks for it. */
void alpaca_refused(struct alpaca *alpaca, enum alpaca_op op, const struct http_client_reply *reply,
		    struct broker_result *result);

/* Every reply: the broker may say that this was the last call for now. Where there is a limit all workers are told, and
 * that the call is no longer on its way. */
void alpaca_heed_limits(struct alpaca *alpaca, const struct http_client_reply *reply, uint64_t rate_id);
void alpaca_heed_limits_of(struct alpaca_call *call, const struct http_client_reply *reply);

/* Warns, once for each, of words that we do not know, and of orders that somebody replaced. */
void alpaca_heed_status(struct alpaca *alpaca, const struct alpaca_order *order);

/* Percent-encodes; an id that does not fit comes out empty. Returns `text`. */
char *alpaca_escape(const char *from, char *text, size_t size);

/* "/v2/orders/{id}"; `path` has ALPACA_PATH_SIZE bytes. False for an id that would name something else: without one,
 * DELETE means all orders of the account. */
bool alpaca_order_path(const char *broker_order_id, char *path) MUST_USE;

/* --- alpaca_walk.c: answers the calls of many orders from one list, page by page. Calls made while a walk is out wait
 * for the next one. */

struct alpaca_waiter {
	char broker_order_id[BROKER_ID_SIZE];
	struct alpaca_call *call; /* NULL once it is answered */
};

struct alpaca_walk_kind {
	size_t page_rows;
	bool has_singles; /* an order can also be asked for alone: a walk ends where that costs no more */
	void (*path)(const struct alpaca_walk *walk, char *path);
	/* Reads one row. */
	void (*take)(struct alpaca_walk *walk, const json_t *row);
	/* A page was read: may answer those who have what they need. NULL: take does. */
	void (*settle)(struct alpaca_walk *walk);
	/* Sets where the next page begins; false where it cannot be told. */
	bool (*advance)(struct alpaca_walk *walk, const json_t *last_row);
	/* Nothing more comes: answers one call that is still open. `is_whole` is false where the list was not read to
	 * its end. */
	void (*finish)(struct alpaca_call *call, bool is_whole);
};

struct alpaca_walk {
	struct alpaca *alpaca;
	const struct alpaca_walk_kind *kind;
	struct alpaca_calls waiting; /* for the next walk */
	struct event *gather;
	bool is_out;
	struct http_client_call *page;
	struct rate_ask *ask; /* the next page waits for its token */
	uint64_t rate_id;
	bool has_token;		       /* for the page that comes */
	struct alpaca_waiter *waiters; /* of the walk that is out, sorted by id */
	size_t count, open_count;
	size_t pages;
	int64_t after_ms;
	char after[CONFIG_NAME_SIZE * 2]; /* time at which the page begins */
	char token[96];			  /* or the row behind which it does */
	json_t *seen;			  /* ids of rows taken, for kinds that want it */
};

struct alpaca_walk *alpaca_walk_new(struct event_base *base, struct alpaca *alpaca,
				    const struct alpaca_walk_kind *kind);
/* The calls that it holds are not answered. */
void alpaca_walk_free(struct alpaca_walk *walk);
void alpaca_walk_join(struct alpaca_walk *walk, struct alpaca_call *call);
/* The first waiter for an order, or NULL; more for the same order stand behind it, before the array's end. */
struct alpaca_waiter *alpaca_walk_find(struct alpaca_walk *walk, const char *broker_order_id);
/* Answers the call of a waiter while the walk goes on. */
void alpaca_walk_answer(struct alpaca_walk *walk, struct alpaca_waiter *waiter, const struct broker_result *result);

/* --- alpaca_list.c */

void alpaca_list(struct broker *broker, int64_t since_ms, broker_list_fn *fn, void *arg);

/* --- alpaca_follow.c, alpaca_fills.c */

extern const struct alpaca_walk_kind alpaca_follow_walk, alpaca_fills_walk;

void alpaca_follow(struct broker *broker, const char *broker_order_id, int64_t since_ms, broker_fn *fn, void *arg);
void alpaca_fills(struct broker *broker, const struct broker_fills_query *query, broker_fills_fn *fn, void *arg);

#endif

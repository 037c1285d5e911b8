/* What the worker needs of a broker, whoever it is. An adapter fills in `struct broker_ops`; block steps know nothing
 * else.
 *
 * Every call is asynchronous and calls its function exactly once, never from inside the call itself. Nothing here keeps
 * state that matters: an adapter may be thrown away between any two calls. */
#ifndef MUSTER_BROKER_H
#define MUSTER_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "shared/config.h"
#include "shared/decimal.h"
#include "shared/err.h"
#include "shared/status.h"

#define BROKER_ID_SIZE 64

/* What the broker does with a client_order_id that it has seen before. */
enum broker_duplicates {
	DUPLICATES_REFUSED_FOREVER, /* may be sent again with the same id */
	DUPLICATES_REFUSED_TODAY,
	DUPLICATES_REFUSED_WHILE_OPEN,
	DUPLICATES_ACCEPTED, /* must never be sent again */
};

enum broker_outcome {
	BROKER_ACCEPTED,  /* submit: it is there and the echo is ours. look_up, follow: found. cancel: taken */
	BROKER_REJECTED,  /* submit: refused for good; `why` has the broker's words. cancel: no longer cancelable */
	BROKER_DUPLICATE, /* submit: the id is there already: look it up and adopt */
	BROKER_NOT_SENT,  /* nothing left, or 429: may be sent again after `retry_after_ms` */
	BROKER_NOT_FOUND, /* look_up: the broker does not know the id (yet) */
	BROKER_AMBIGUOUS, /* anything else: it may or may not be there */
	/* look_up: what is there under our id is not what we sent (symbol, side or quantity); `order` is it. A submit
	 * whose echo is not ours is AMBIGUOUS: the reply may be mixed up, only a look-up says what is there. */
	BROKER_CONTRADICTION,
};

/* One order as it leaves. Texts are borrowed for the call. */
struct broker_submit {
	const char *client_order_id;
	const char *symbol;
	bool is_sell;
	const char *quantity;	 /* decimal text */
	const char *limit_price; /* NULL for a market order */
	int64_t send_by_us;	 /* submit: after that, by the monotonic clock, nothing of it may leave (any more) */
};

/* One order as the broker has it. */
struct broker_order {
	char broker_order_id[BROKER_ID_SIZE];
	char client_order_id[BROKER_ID_SIZE];
	enum slice_status status; /* acked, partially_filled, or a final one */
	char broker_status[32];	  /* the broker's own word */
	int64_t quantity_nano;
	int64_t filled_nano;
	int64_t average_price_nano; /* 0 where nothing is filled */
	int128 fee_nano;	    /* what the broker charged, 0 where it says nothing */
	int64_t submitted_at_ms;
	bool is_other_trade; /* of a CONTRADICTION: another symbol or side, so that no fill of it can be ours */
};

struct broker_result {
	enum broker_outcome outcome;
	struct broker_order order; /* for ACCEPTED (not of cancel) and CONTRADICTION */
	struct err why;		   /* for all but ACCEPTED; can be printed */
	int64_t retry_after_ms;	   /* for NOT_SENT; 0: the caller's own back-off */
};
typedef void broker_fn(const struct broker_result *result, void *arg);

/* One execution (FIX ExecID 17, LastQty 32, LastPx 31). */
struct broker_fill {
	char fill_id[96];
	int64_t quantity_nano;
	int64_t price_nano;
	int64_t at_ms;
};
/* `fills` holds what the broker has reported so far for the order, in its order, each id once; borrowed for the call.
 * The caller compares the sum with the order's filled quantity and asks again while they differ. */
typedef void broker_fills_fn(const struct broker_fill *fills, size_t count, const struct err *err, void *arg);

/* Whose fills are asked for. The text is borrowed for the call. */
struct broker_fills_query {
	const char *broker_order_id;
	int64_t since_ms;      /* the broker's own time of the order, or earlier: no fill is older */
	int64_t expected_nano; /* the answer may come as soon as so much is found; 0: read all there is */
};

/* One order that the broker shows under a name that begins as ours do. */
struct broker_listed {
	char client_order_id[BROKER_ID_SIZE];
	int64_t submitted_at_ms;
};
/* Borrowed for the call; some may be there twice. */
typedef void broker_list_fn(const struct broker_listed *orders, size_t count, const struct err *err, void *arg);

struct broker;

struct broker_ops {
	const char *adapter; /* "alpaca" */
	enum broker_duplicates duplicates;
	void (*submit)(struct broker *broker, const struct broker_submit *order, broker_fn *fn, void *arg);
	/* Finds the order by our id and checks that it is `order`. */
	void (*look_up)(struct broker *broker, const struct broker_submit *order, broker_fn *fn, void *arg);
	/* The present state of an order that is there. `since_ms`: not submitted before that. Calls of many orders are
	 * answered from few requests. */
	void (*follow)(struct broker *broker, const char *broker_order_id, int64_t since_ms, broker_fn *fn, void *arg);
	void (*fills)(struct broker *broker, const struct broker_fills_query *query, broker_fills_fn *fn, void *arg);
	void (*cancel)(struct broker *broker, const char *broker_order_id, broker_fn *fn, void *arg);
	/* Orders that are open, and all since a time: the newest of each, as many as the broker shows at a time. NULL where
	 * the broker shows none. */
	void (*list)(struct broker *broker, int64_t since_ms, broker_list_fn *fn, void *arg);
	/* Somebody has seen to it and resumed trading: refused credentials are tried again now. */
	void (*resume)(struct broker *broker);
	void (*free)(struct broker *broker);
};

struct rate; /* see rate.h */

/* The broker refuses our credentials, and will refuse every call until somebody does something. */
typedef void broker_credentials_fn(const struct config_broker *config, const struct err *why, void *arg);

/* The first member of every adapter's own struct. */
struct broker {
	const struct broker_ops *ops;
	const struct config_broker *config;
	/* Set by whoever made it, or left alone. */
	struct rate *rate; /* every call but a submit waits there for its token; NULL: there is no limit */
	broker_credentials_fn *credentials;
	void *credentials_arg;
};

struct http_client; /* curl's multi interface on the event loop, shared by all brokers; see http_client.h */

/* The adapter that `config` names. Never NULL. */
struct broker *broker_new(struct event_base *base, struct http_client *client, const struct config_broker *config);

/* Calls that are still out are answered, from inside here, with BROKER_AMBIGUOUS: their functions must not call the
 * broker. Before http_client_free, and not from inside an answer. NULL is fine. */
void broker_free(struct broker *broker);

#endif

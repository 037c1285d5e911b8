/* A walk over one of the broker's lists, so that a thousand working orders cost a few requests and not a thousand.
 *
 *   join -> waiting -(5 ms, so that callers meet; a token)-> out: page, page, ... -> every call answered -> next walk
 *
 * Whoever joins while a walk is out waits for the next: an earlier page cannot know about its order. Nothing is kept
 * from one walk to the next. */
#include "worker/alpaca_private.h"

#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#define GATHER_MS  5
#define EARLIER_MS 2 /* the time asked from was cut to milliseconds, and the broker's list is exclusive */

static void page_request(struct alpaca_walk *walk);

static int compare_waiters(const void *a, const void *b)
{
	return strcmp(((const struct alpaca_waiter *)a)->broker_order_id,
		      ((const struct alpaca_waiter *)b)->broker_order_id);
}

struct alpaca_waiter *alpaca_walk_find(struct alpaca_walk *walk, const char *broker_order_id)
{
	size_t low = 0, high = walk->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(walk->waiters[middle].broker_order_id, broker_order_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool is_there = low < walk->count && strcmp(walk->waiters[low].broker_order_id, broker_order_id) == 0;
	return is_there ? &walk->waiters[low] : NULL;
}

void alpaca_walk_answer(struct alpaca_walk *walk, struct alpaca_waiter *waiter, const struct broker_result *result)
{
	struct alpaca_call *call = waiter->call;
	waiter->call = NULL;
	walk->open_count--;
	alpaca_answer(call, result);
}

static void gather_soon(struct alpaca_walk *walk)
{
	if (!walk->is_out && !walk->ask && !TAILQ_EMPTY(&walk->waiting) && !evtimer_pending(walk->gather, NULL))
		evtimer_add(walk->gather, &(struct timeval){.tv_usec = GATHER_MS * 1000});
}

/* The walk is over, and the next may gather. */
static void walk_end(struct alpaca_walk *walk)
{
	free(walk->waiters);
	walk->waiters = NULL;
	walk->count = 0;
	json_decref(walk->seen);
	walk->seen = NULL;
	walk->is_out = false;
	gather_soon(walk);
}

/* Whoever is still open gets what the kind makes of it. */
static void walk_finish(struct alpaca_walk *walk, bool is_whole)
{
	for (size_t i = 0; i < walk->count; i++) {
		struct alpaca_call *call = walk->waiters[i].call;
		walk->waiters[i].call = NULL;
		if (call)
			walk->kind->finish(call, is_whole);
	}
	walk_end(walk);
}

static void walk_fail(struct alpaca_walk *walk, const struct broker_result *result)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->waiters[i].call)
			alpaca_walk_answer(walk, &walk->waiters[i], result);
	walk_end(walk);
}

/* What one page brought; decides whether there is another. */
static void page_take(struct alpaca_walk *walk, const json_t *rows)
{
	const json_t *row;
	size_t i, count = json_array_size(rows);
	json_array_foreach (rows, i, row)
		walk->kind->take(walk, row);
	if (walk->kind->settle)
		walk->kind->settle(walk);
	walk->pages++;
	/* Asking for the rest one by one costs at most as much again as the pages have cost so far. */
	bool is_cheaper_alone = walk->kind->has_singles && walk->open_count <= walk->pages;
	if (walk->open_count == 0 || count < walk->kind->page_rows)
		walk_finish(walk, true);
	else if (is_cheaper_alone || walk->pages == ALPACA_PAGES_MAX ||
		 !walk->kind->advance(walk, json_array_get(rows, count - 1)))
		walk_finish(walk, false);
	else
		page_request(walk);
}

static void page_replied(const struct http_client_reply *reply, void *arg)
{
	struct alpaca_walk *walk = arg;
	struct broker_result result = {.outcome = BROKER_AMBIGUOUS};
	walk->page = NULL;
	alpaca_heed_limits(walk->alpaca, reply, walk->rate_id);
	if (reply->status != 200) {
		alpaca_refused(walk->alpaca, ALPACA_LIST, reply, &result);
		walk_fail(walk, &result);
		return;
	}
	json_t *rows = json_loadb(reply->body, reply->length, 0, NULL);
	if (json_is_array(rows)) {
		page_take(walk, rows);
	} else {
		(void)err_set(&result.why, ERR_BROKER, "the broker's list cannot be read");
		walk_fail(walk, &result);
	}
	json_decref(rows);
}

/* Sends the request of a page, for which there is a token where one is needed. */
static void page_send(struct alpaca_walk *walk)
{
	struct broker_result result;
	char path[ALPACA_PATH_SIZE];
	bool had_token = walk->has_token;
	walk->has_token = false;
	if (alpaca_is_paused(walk->alpaca, &result)) {
		if (had_token)
			rate_done(walk->alpaca->broker.rate, walk->rate_id, NULL);
		walk_fail(walk, &result);
		return;
	}
	walk->kind->path(walk, path);
	walk->page = alpaca_send(
	    walk->alpaca, &(struct http_client_request){.method = HTTP_CLIENT_GET, .reply_max = ALPACA_REPLY_MAX}, path,
	    page_replied, walk);
}

static void walk_begin(struct alpaca_walk *walk);

/* A token has come: for the walk that waits to begin, or for its next page. */
static void on_token(uint64_t id, void *arg)
{
	struct alpaca_walk *walk = arg;
	walk->ask = NULL;
	walk->rate_id = id;
	walk->has_token = true;
	if (walk->is_out)
		page_send(walk);
	else
		walk_begin(walk);
}

static void page_request(struct alpaca_walk *walk)
{
	if (walk->alpaca->broker.rate && !walk->has_token)
		walk->ask = rate_ask(walk->alpaca->broker.rate, RATE_LIST, on_token, walk);
	else
		page_send(walk);
}

/* Takes all who wait, and begins where the oldest of them needs it. */
static void walk_begin(struct alpaca_walk *walk)
{
	struct alpaca_call *call;
	size_t count = 0;
	int64_t since_ms = INT64_MAX;
	TAILQ_FOREACH (call, &walk->waiting, turn)
		count++;
	if (!(walk->waiters = calloc(count, sizeof *walk->waiters)))
		abort();
	walk->is_out = true;
	walk->count = walk->open_count = count;
	for (size_t i = 0; i < count; i++) {
		call = TAILQ_FIRST(&walk->waiting);
		TAILQ_REMOVE(&walk->waiting, call, turn);
		walk->waiters[i].call = call;
		memcpy(walk->waiters[i].broker_order_id, call->broker_order_id, sizeof call->broker_order_id);
		if (call->since_ms < since_ms)
			since_ms = call->since_ms;
	}
	qsort(walk->waiters, count, sizeof *walk->waiters, compare_waiters);
	walk->pages = 0;
	walk->after_ms = since_ms > EARLIER_MS ? since_ms - EARLIER_MS : 0;
	clock_format(walk->after_ms, walk->after);
	*walk->token = '\0';
	if (!(walk->seen = json_object()))
		abort();
	if (walk->kind->has_singles && count == 1 && !walk->has_token)
		walk_finish(walk, false);
	else
		page_request(walk);
}

/* Those who came together may begin. While they wait for a token others join. */
static void on_gathered(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	struct alpaca_walk *walk = arg;
	bool is_one = TAILQ_NEXT(TAILQ_FIRST(&walk->waiting), turn) == NULL;
	if (walk->alpaca->broker.rate && !(walk->kind->has_singles && is_one))
		walk->ask = rate_ask(walk->alpaca->broker.rate, RATE_LIST, on_token, walk);
	else
		walk_begin(walk);
}

void alpaca_walk_join(struct alpaca_walk *walk, struct alpaca_call *call)
{
	TAILQ_INSERT_TAIL(&walk->waiting, call, turn);
	gather_soon(walk);
}

struct alpaca_walk *alpaca_walk_new(struct event_base *base, struct alpaca *alpaca, const struct alpaca_walk_kind *kind)
{
	struct alpaca_walk *walk = calloc(1, sizeof *walk);
	if (!walk)
		abort();
	walk->alpaca = alpaca;
	walk->kind = kind;
	TAILQ_INIT(&walk->waiting);
	walk->gather = evtimer_new(base, on_gathered, walk);
	if (!walk->gather)
		abort();
	return walk;
}

void alpaca_walk_free(struct alpaca_walk *walk)
{
	if (!walk)
		return;
	http_client_abandon(walk->page);
	rate_cancel(walk->ask);
	event_free(walk->gather);
	free(walk->waiters);
	json_decref(walk->seen);
	free(walk);
}

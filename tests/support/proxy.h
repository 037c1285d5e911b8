/* A small TCP proxy between the programs and Redis that loses calls, cuts, swallows and delays replies: what a network
 * does, as exactly as a test wants it, or at random by a seed.
 *
 * It runs in a thread of its own. What a program sends in one piece counts as one call, and what comes back after it as
 * the reply; calls that are out together on one connection share their fate. */
#ifndef MUSTER_TEST_PROXY_H
#define MUSTER_TEST_PROXY_H

#include <stddef.h>
#include <stdint.h>

enum proxy_fault {
	PROXY_LOSE_CALL,     /* the call does not reach Redis; the connection is cut */
	PROXY_CUT_REPLY,     /* Redis has answered: the connection is cut instead of the reply */
	PROXY_SWALLOW_REPLY, /* nothing comes back on this connection any more, but it stays */
	PROXY_DELAY_REPLY,   /* the reply, and all behind it, comes so many milliseconds late */
	PROXY_FAULT_COUNT
};

struct proxy_rule {
	enum proxy_fault fault;
	const char *on;	    /* bytes that the call must hold (the SHA-1 of a script); NULL: any call. Borrowed */
	int times;	    /* how often it strikes; 0: for ever */
	unsigned per_mille; /* at how many of a thousand calls that fit it strikes; 0: at each */
	uint64_t seed;	    /* of that chance */
	int64_t ms;	    /* of a delay */
};

struct proxy;

/* Listens on a free port of 127.0.0.1 and passes on to the unix socket at `upstream`, which need not be there yet.
 * Aborts where it cannot. */
struct proxy *proxy_start(const char *upstream);
void proxy_stop(struct proxy *proxy); /* NULL is fine */

int proxy_port(const struct proxy *proxy);

/* From now on these rules (at most 8), the first that fits and strikes counts; none: all is passed on. Connections that
 * swallow go on to do so. */
void proxy_set(struct proxy *proxy, const struct proxy_rule *rules, size_t count);

/* How often anything has struck since proxy_set. */
int proxy_struck(struct proxy *proxy);

/* Cuts every connection there is. */
void proxy_cut_all(struct proxy *proxy);

#endif

/* Faults: what the paper broker is told to do wrong while it runs (GET, PUT and DELETE /paper/faults).
 *
 *   {"mode": WORD, "on"?: "submit"|"look_up"|"follow"|"fills"|"cancel"|"all", "times"?: N or null (for ever),
 *    "probability"?: 0 to 1, "seed"?: N, "symbol"?: SYMBOL, PARAMETER of the mode?: N}
 *
 * At each call the first fault that fits strikes; beside it one that changes what becomes of a new order. A fault with
 * a symbol strikes calls about one order of it, and its rows in lists. Whatever strikes, the ledger tells what
 * happened. */
#ifndef MUSTER_PAPER_FAULT_H
#define MUSTER_PAPER_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "paper/fault_mode.h"
#include "shared/err.h"

struct paper_fault {
	const struct paper_fault_mode *mode;
	unsigned points;	  /* of enum paper_point */
	int64_t left;		  /* how often it still strikes; PAPER_FOR_EVER: always */
	int64_t probability_nano; /* of striking where it fits */
	int64_t seed;
	uint64_t random; /* drawn from `seed`: the same calls meet the same faults */
	char symbol[33]; /* "": any */
	int64_t value;	 /* of the mode's parameter */
	int64_t struck;
};

#define PAPER_FOR_EVER (-1)

struct paper_faults;

struct paper_faults *paper_faults_new(void);
void paper_faults_free(struct paper_faults *faults);

/* Replaces all faults by those of `json`: one, or an array of them. On failure nothing has changed. */
bool paper_faults_put(struct paper_faults *faults, const json_t *json, struct err *err) MUST_USE;
void paper_faults_clear(struct paper_faults *faults);

/* All faults, with how often each has struck. New reference. */
json_t *paper_faults_json(const struct paper_faults *faults);

/* The fault that strikes a call, or NULL; `symbol` NULL: the call is about several. Good until the next change. */
struct paper_fault *paper_faults_find(struct paper_faults *faults, enum paper_point point, const char *symbol);

/* The same among those that change what becomes of a new order. */
struct paper_fault *paper_faults_find_fate(struct paper_faults *faults, const char *symbol);

/* To be told when a fault that was found has made a difference. */
void paper_fault_count(struct paper_fault *fault);

#endif

/* One suggestion of a request: an order as its sender states it, before it is known whether it can be traded. */
#ifndef MUSTER_API_SUGGESTION_H
#define MUSTER_API_SUGGESTION_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "api/problems.h"

#define SYMBOL_SIZE 33
#define NAME_SIZE   65 /* users, smallcases and what is given as a broker_type */

#define SUGGESTION_QUANTITY_MAX INT64_C(1000000000) /* shares; also of what is computed */
#define SUGGESTION_WEIGHT_MAX	INT64_C(1000)	    /* percentage points */

/* How the order's size is stated. */
enum size_kind {
	SIZING_QUANTITY, /* shares */
	SIZING_AMOUNT,	 /* money */
	SIZING_WEIGHT	 /* percentage points of the investment's value */
};

struct suggestion {
	char symbol[SYMBOL_SIZE];
	char broker_type[NAME_SIZE]; /* "": the stock's */
	bool is_sell;
	bool is_limit;
	enum size_kind sizing;
	int64_t size_nano;  /* > 0: of what `sizing` says, without its sign */
	int64_t limit_nano; /* > 0 where is_limit */
};

/* Reads one; every problem of it goes into `problems`, at `place`. false where there was one. */
bool suggestion_parse(const json_t *json, struct suggestion *suggestion, struct problems *problems, struct place place);

#endif

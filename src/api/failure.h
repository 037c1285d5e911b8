/* Errors that are ours: answered like all others, and logged, because nobody else would know. A Redis that is away
 * makes one line a second, not one a request. */
#ifndef MUSTER_API_FAILURE_H
#define MUSTER_API_FAILURE_H

#include <stdint.h>

#include "shared/err.h"
#include "shared/http.h"

/* What was logged when, by code. Starts as zeroes; part of struct app. */
struct failure_log {
	int64_t logged_us[ERR_INTERNAL + 1];
	long long unlogged[ERR_INTERNAL + 1]; /* since then */
};

/* Answers and ends the request; an error of status 5xx is logged. `request` is one of the API's. */
void failure_answer(struct http_request *request, const struct err *err);

#endif

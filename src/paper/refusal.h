/* Refusals: Alpaca answers an error with {"code", "message"}, where the code begins with the HTTP status, and sometimes
 * with more fields beside them. */
#ifndef MUSTER_PAPER_REFUSAL_H
#define MUSTER_PAPER_REFUSAL_H

#include <stdbool.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/http.h"

/* One row: constant, HTTP status, code (0: none is shown), message. */
#define PAPER_REFUSALS(X)                                                                                              \
	X(REFUSE_BODY, 400, 40010000, "request body format is invalid")                                                \
	X(REFUSE_UNAUTHORIZED, 401, 0, "unauthorized.")                                                                \
	X(REFUSE_FORBIDDEN, 403, 0, "forbidden.")                                                                      \
	X(REFUSE_FUNDS, 403, 40310000, "insufficient buying power")                                                    \
	X(REFUSE_HOLDING, 403, 40310000, "insufficient qty available for order")                                       \
	X(REFUSE_NOT_FRACTIONABLE, 403, 40310000, "asset is not fractionable")                                         \
	X(REFUSE_WASH, 403, 40310000, "potential wash trade detected. use complex orders")                             \
	X(REFUSE_NO_ORDER, 404, 40410000, "order not found")                                                           \
	X(REFUSE_NO_ASSET, 404, 40410000, "asset not found")                                                           \
	X(REFUSE_FIELD, 422, 40010001, "a field is missing or wrong")                                                  \
	X(REFUSE_DUPLICATE, 422, 40010001, "client_order_id must be unique")                                           \
	X(REFUSE_VALUE, 422, 42210000, "a value cannot be accepted")                                                   \
	X(REFUSE_RATE, 429, 42910000, "too many requests.")                                                            \
	X(REFUSE_INTERNAL, 500, 50010000, "internal server error occurred")

#define X(constant, status, code, message) PAPER_##constant,
enum paper_refusal_kind { PAPER_REFUSALS(X) };
#undef X

struct paper_refusal {
	int status;
	int code;
	char message[480];
	json_t *more; /* fields beside the message, or NULL; owned */
};

/* Fills a refusal; `format` NULL takes the row's own message. Always returns false. */
bool paper_refuse(struct paper_refusal *refusal, enum paper_refusal_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As JSON. New reference. */
json_t *paper_refusal_json(struct paper_refusal *take_refusal);

/* Answers the request with it. */
void paper_refusal_answer(struct http_request *request, struct paper_refusal *take_refusal);

/* The same in one, with the row's own message. */
void paper_answer_refused(struct http_request *request, enum paper_refusal_kind kind);

/* Errors of the HTTP server and of reading bodies, in Alpaca's form; fits http_server_options.problem. */
void paper_answer_problem(struct http_request *request, const struct err *err, json_t *take_errors);

#endif

/* Errors: a code for programs and one message for people.
 *
 * A function that can fail returns bool (or a pointer) and takes `struct err *` as its last argument. On failure it
 * has filled the error; on success it has not touched it. The caller either handles, adds context, or passes it on:
 * log or return, never both. The message can be printed as it stands and holds no secret. */
#ifndef MUSTER_ERR_H
#define MUSTER_ERR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* One row a code: constant, the stable word of the API's `code`, HTTP status, title of the problem (RFC 9457). */
#define ERR_CODES(X)                                                                                                   \
	X(ERR_NONE, "ok", 200, "No error")                                                                             \
	X(ERR_BAD_JSON, "bad_json", 400, "The body is not valid JSON of the expected kind")                            \
	X(ERR_DUPLICATE_KEY, "duplicate_key", 400, "The same key stands twice in one object")                          \
	X(ERR_TOO_DEEP, "too_deep", 400, "The body is nested too deeply")                                              \
	X(ERR_UNKNOWN_FIELD, "unknown_field", 400, "The body has a field that is not known")                           \
	X(ERR_MISSING_FIELD, "missing_field", 400, "The body lacks a field")                                           \
	X(ERR_BAD_TYPE, "bad_type", 400, "A field has the wrong type or value")                                        \
	X(ERR_BAD_SYMBOL, "bad_symbol", 400, "A symbol is not well formed")                                            \
	X(ERR_BAD_PARAMETER, "bad_parameter", 400, "A parameter of the request line is not valid")                     \
	X(ERR_BAD_IDEMPOTENCY_KEY, "bad_idempotency_key", 400, "The Idempotency-Key is not valid")                     \
	X(ERR_BAD_REQUEST, "bad_request", 400, "The HTTP request is malformed")                                        \
	X(ERR_BAD_QUANTITY, "bad_quantity", 422, "A quantity cannot be accepted")                                      \
	X(ERR_BAD_NUMBER, "bad_number", 422, "A number cannot be accepted")                                            \
	X(ERR_BAD_PRICE, "bad_price", 422, "A price cannot be accepted")                                               \
	X(ERR_BAD_SIZING, "bad_sizing", 422, "The size of an order is not stated in exactly one way")                  \
	X(ERR_BAD_WINDOW, "bad_window", 422, "The execution window cannot be used")                                    \
	X(ERR_TOO_MANY, "too_many", 422, "There are too many of these in one request")                                 \
	X(ERR_UNKNOWN_SYMBOL, "unknown_symbol", 422, "The symbol is not known")                                        \
	X(ERR_NOT_TRADABLE, "not_tradable", 422, "The symbol cannot be traded now")                                    \
	X(ERR_UNKNOWN_BROKER, "unknown_broker", 422, "The broker is not configured")                                   \
	X(ERR_NO_PRICE, "no_price", 422, "The symbol has no price to size with")                                       \
	X(ERR_NO_INVESTMENT, "no_investment", 422, "The investment is not known")                                      \
	X(ERR_STALE_PRICE, "stale_price", 422, "The last price is too old to trade on")                                \
	X(ERR_PRICE_COLLAR, "price_collar", 422, "The limit price is too far from the last price")                     \
	X(ERR_OVER_CAP, "over_cap", 422, "A cap would be broken")                                                      \
	X(ERR_NOT_ACCEPTED, "not_accepted", 422, "The request cannot be accepted")                                     \
	X(ERR_UNAUTHORIZED, "unauthorized", 401, "A valid token is needed")                                            \
	X(ERR_FORBIDDEN, "forbidden", 403, "The token's role may not do this")                                         \
	X(ERR_NOT_FOUND, "not_found", 404, "There is nothing under this address")                                      \
	X(ERR_METHOD_NOT_ALLOWED, "method_not_allowed", 405, "The method does not fit this address")                   \
	X(ERR_IDEMPOTENCY_CONFLICT, "idempotency_conflict", 409, "The Idempotency-Key was used with another body")     \
	X(ERR_ALREADY_SEALED, "already_sealed", 409, "The orders can no longer be canceled")                           \
	X(ERR_NOT_IN_REVIEW, "not_in_review", 409, "The block is not waiting for a person")                            \
	X(ERR_BLOCK_ENDED, "block_ended", 409, "The block has ended at the broker, or waits for a person")             \
	X(ERR_UNCONFIRMED, "unconfirmed", 409, "What happened must be confirmed")                                      \
	X(ERR_LENGTH_REQUIRED, "length_required", 411, "The request needs a Content-Length")                           \
	X(ERR_TOO_LARGE, "too_large", 413, "The body is too large")                                                    \
	X(ERR_URI_TOO_LONG, "uri_too_long", 414, "The request line is too long")                                       \
	X(ERR_HEADERS_TOO_LARGE, "headers_too_large", 431, "The headers are too large")                                \
	X(ERR_RATE_LIMITED, "rate_limited", 429, "There are too many requests")                                        \
	X(ERR_OVERLOADED, "overloaded", 503, "The server has too much in hand")                                        \
	X(ERR_BAD_MEDIA_TYPE, "bad_media_type", 415, "The Content-Type is not accepted here")                          \
	X(ERR_REDIS_UNAVAILABLE, "redis_unavailable", 503, "The store cannot be used now; nothing was stored")         \
	X(ERR_OUTCOME_UNKNOWN, "outcome_unknown", 503, "The store did not answer; the order may be stored")            \
	X(ERR_HALTED, "halted", 503, "Trading is halted")                                                              \
	X(ERR_CONFIG, "config", 500, "The configuration is wrong")                                                     \
	X(ERR_BROKER, "broker", 502, "The broker's answer cannot be used")                                             \
	X(ERR_INTERNAL, "internal", 500, "Something is wrong inside")

enum err_code {
#define X(constant, word, http, title) constant,
	ERR_CODES(X)
#undef X
};

struct err {
	enum err_code code;
	char message[480];
};

/* Fills `err`; always returns false, so that `return err_set(...)` reads well. `err` may be NULL: nobody asks. */
bool err_set(struct err *err, enum err_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is there; returns false. */
bool err_context(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *err_word(enum err_code code);
const char *err_title(enum err_code code);
int err_http_status(enum err_code code);

#endif

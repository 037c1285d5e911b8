/* Answers that all reading handlers give the same way. */
#ifndef MUSTER_API_READ_ANSWER_H
#define MUSTER_API_READ_ANSWER_H

#include <jansson.h>

#include "shared/err.h"
#include "shared/http.h"

/* The answer to a read that failed: where only a read got no reply nothing can have been stored, so it says that the
 * store is away. */
void read_answer_error(struct http_request *request, const struct err *err);

/* An error of the request's own. */
void read_answer_refuse(struct http_request *request, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* {"items": […], "next_cursor": text or null}; NULL or "" is null. */
void read_answer_page(struct http_request *request, json_t *take_items, const char *next_cursor);

#endif

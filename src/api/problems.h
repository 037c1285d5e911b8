/* Everything that is wrong with a body, collected, so that one answer tells all of it.
 *
 * The answer's `code` and status are those of the first problem of form (status 400), or where there is none of the
 * first of all. At most PROBLEMS_LISTED are listed; the others are counted. */
#ifndef MUSTER_API_PROBLEMS_H
#define MUSTER_API_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/http.h"

#define PROBLEMS_LISTED 100

/* Where in a body: "/element/suggestions/suggestion/field"; what is negative or NULL is left out. */
struct place {
	long element;
	long suggestion;
	const char *field; /* any text; escaped as RFC 6901 asks */
};

struct problems {
	json_t *list; /* NULL: none */
	size_t count;
	struct err first;
};

/* Starts empty: `struct problems problems = {0};` */
void problems_free(struct problems *problems);

void problems_add(struct problems *problems, struct place place, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an error that is there already. */
void problems_add_err(struct problems *problems, struct place place, const struct err *err);

/* Answers with them (there is at least one), ends the request and frees the list. */
void problems_answer(struct problems *problems, struct http_request *request);

#endif

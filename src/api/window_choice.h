/* What `?window=` means: one window by its id, all open ones of a time, or (absent) all that are open. */
#ifndef MUSTER_API_WINDOW_CHOICE_H
#define MUSTER_API_WINDOW_CHOICE_H

#include <stdint.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/http.h"

struct app;

/* `open_ids`: the ids of the open windows that were chosen, first due first; NULL exactly where `err` is not, and
 * ERR_NOT_FOUND where `?window=` names none. A window that was named by its id and is no longer open stands in
 * `past_id`, and `open_ids` is empty. `now_ms` is Redis's. All borrowed for the call. */
struct window_choice {
	json_t *open_ids;
	const char *past_id; /* NULL: none */
	int64_t now_ms;
};
typedef void window_choice_fn(const struct window_choice *choice, const struct err *err, void *arg);

/* Calls `fn` once, never from inside. The request is borrowed until then. */
void window_choice_load(struct app *app, const struct http_request *request, window_choice_fn *fn, void *arg);

#endif

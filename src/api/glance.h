/* The state at a glance (GET /trade-queue/queue/status), read once for all who want it within a second: metrics that
 * are scraped, and pages that watch. */
#ifndef MUSTER_API_GLANCE_H
#define MUSTER_API_GLANCE_H

#include <jansson.h>

#include "shared/err.h"

struct app;
struct glance;

/* `status` is borrowed for the call; NULL exactly where `err` is not. */
typedef void glance_fn(json_t *status, const struct err *err, void *arg);

/* Never NULL. */
struct glance *glance_new(struct app *app);

/* Only once app->read calls back no more. NULL is fine. */
void glance_free(struct glance *glance);

/* Calls `fn` once, from inside where what is known is less than a second old. */
void glance_get(struct glance *glance, glance_fn *fn, void *arg);

#endif

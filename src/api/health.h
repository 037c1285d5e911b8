/* Is this process alive, and can it accept orders? `arg` is the struct app. */
#ifndef MUSTER_API_HEALTH_H
#define MUSTER_API_HEALTH_H

#include "shared/http.h"

struct app;

/* Whether an order sent now would be accepted, as far as is known here. */
bool health_is_ready(const struct app *app);

/* GET /healthz */
void health_get_alive(struct http_request *request, void *arg);

/* GET /readyz */
void health_get_ready(struct http_request *request, void *arg);

#endif

/* The kill switch: POST /admin/halt and POST /admin/resume, for all brokers or {"broker_type"}. `arg` is the struct
 * app.
 *
 * Both answer 200 with {"changed", "detail", "halted", "halts"}: whether anything is different now, in a sentence; and
 * what is halted from here on. */
#ifndef MUSTER_API_HALT_H
#define MUSTER_API_HALT_H

#include "shared/http.h"

/* {"broker_type"?, "reason"?, "by"?}; without a body: all brokers. */
void halt_post(struct http_request *request, void *arg);

/* The same, and {"confirm"?: the code of a halt that must be confirmed}. Without a broker every halt ends. */
void resume_post(struct http_request *request, void *arg);

#endif

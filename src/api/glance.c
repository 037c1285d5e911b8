/* While the script is out, all who ask wait for the same reply. */
#include "api/glance.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "api/app.h"
#include "api/trade_queue_status.h"
#include "shared/clock.h"

#define FRESH_US 950000 /* who asks once a second gets a new one each time */

struct asker {
	STAILQ_ENTRY(asker) entry;
	glance_fn *fn;
	void *arg;
};
STAILQ_HEAD(asker_list, asker);

struct glance {
	struct app *app;
	json_t *status; /* the last one, or NULL */
	int64_t read_us;
	struct asker_list askers;
};

struct glance *glance_new(struct app *app)
{
	struct glance *glance = calloc(1, sizeof *glance);

	if (!glance)
		abort();
	glance->app = app;
	STAILQ_INIT(&glance->askers);
	return glance;
}

void glance_free(struct glance *glance)
{
	if (!glance)
		return;
	json_decref(glance->status);
	free(glance);
}

/* The reply of status.lua. Whoever asks from inside an answer is not among those who are answered here. */
static void on_status(const redisReply *reply, const struct err *err, void *arg)
{
	struct glance *glance = arg;
	struct asker_list askers = STAILQ_HEAD_INITIALIZER(askers);
	json_t *status = err ? NULL : trade_queue_status_view(glance->app, reply);
	struct asker *asker;

	STAILQ_CONCAT(&askers, &glance->askers);
	json_decref(glance->status);
	glance->status = json_incref(status);
	glance->read_us = clock_monotonic_us();
	while ((asker = STAILQ_FIRST(&askers))) {
		STAILQ_REMOVE_HEAD(&askers, entry);
		asker->fn(status, err, asker->arg);
		free(asker);
	}
	json_decref(status);
}

void glance_get(struct glance *glance, glance_fn *fn, void *arg)
{
	bool is_out = !STAILQ_EMPTY(&glance->askers);
	struct script_args *args;
	struct asker *asker;

	if (!is_out && glance->status && clock_monotonic_us() - glance->read_us < FRESH_US) {
		fn(glance->status, NULL, arg);
		return;
	}
	asker = malloc(sizeof *asker);
	if (!asker)
		abort();
	*asker = (struct asker){.fn = fn, .arg = arg};
	STAILQ_INSERT_TAIL(&glance->askers, asker, entry);
	if (is_out)
		return;
	args = script_args_new();
	redis_link_script(glance->app->read, SCRIPT_STATUS, args, on_status, glance);
	script_args_free(args);
}

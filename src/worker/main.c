/* muster-worker: seals windows, sends their blocks to the brokers, follows them, gives every order its share. */
#include "shared/program.h"
#include "worker/worker.h"

/* Builds the worker. */
static bool start(struct program *program, struct err *err)
{
	struct worker *worker = worker_new(program);

	if (!worker_metrics_listen(worker->metrics, err)) {
		worker_free(worker);
		return false;
	}
	program_set_app(program, worker);
	return true;
}

/* First signal. */
static void drain(struct program *program)
{
	worker_drain(program_app(program));
}

/* The loop has ended. */
static void end(struct program *program)
{
	worker_free(program_app(program));
}

int main(int argc, char **argv)
{
	static const struct program_hooks hooks = {
	    .name = "muster-worker",
	    .purpose = "seals windows, works their blocks at the brokers, allocates the fills",
	    .start = start,
	    .drain = drain,
	    .end = end,
	    .uses_keys = true,
	};

	return program_main(argc, argv, &hooks);
}

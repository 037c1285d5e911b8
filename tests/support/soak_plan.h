/* The plan of a soak: which faults strike what and when. It follows from seed and length alone, so that the same seed makes
 * the same plan on any machine. */
#ifndef MUSTER_TEST_SOAK_PLAN_H
#define MUSTER_TEST_SOAK_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SOAK_APIS	 2
#define SOAK_WORKERS	 3
#define SOAK_BROKER_TEXT 640

enum soak_target {
	SOAK_API,			     /* and the next ones */
	SOAK_WORKER = SOAK_API + SOAK_APIS, /* likewise */
	SOAK_REDIS = SOAK_WORKER + SOAK_WORKERS,
	SOAK_PAPER,
	SOAK_TARGETS
};

enum soak_action {
	SOAK_KILL,  /* SIGKILL; started again after `for_ms` */
	SOAK_STOP,  /* SIGSTOP; SIGCONT after `for_ms` */
	SOAK_LEAVE, /* SIGTERM; started again after `for_ms` */
	SOAK_BROKER /* the paper broker fails as `broker` says, until the next of these */
};

struct soak_fault {
	int64_t at_ms; /* since the start */
	enum soak_action action;
	enum soak_target target;
	int64_t for_ms;
	char broker[SOAK_BROKER_TEXT];
};

struct soak_plan {
	struct soak_fault *faults;
	size_t count;
};

/* The next number of a sequence (splitmix64). */
uint64_t soak_draw(uint64_t *random);
/* One of 0 … n - 1. */
uint64_t soak_pick(uint64_t *random, uint64_t n);

struct soak_plan soak_plan_make(uint64_t seed, int64_t seconds);
void soak_plan_free(struct soak_plan *plan);
void soak_plan_print(const struct soak_plan *plan, FILE *out);
const char *soak_target_name(enum soak_target target);

#endif

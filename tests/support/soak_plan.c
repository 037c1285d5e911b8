/* See soak_plan.h. */
#include "tests/support/soak_plan.h"

#include <stdlib.h>

#define PAUSE_LEAST_MS 200
#define PAUSE_MOST_MS  2000
#define DOWN_LEAST_MS  50
#define DOWN_MOST_MS   900
#define STOP_LEAST_MS  200
#define STOP_MOST_MS   2600 /* longer than a lease */

static const char *const names[SOAK_TARGETS] = {"api0",	   "api1",    "worker0", "worker1",
						"worker2", "redis", "paper"};

/* What the broker may do, as the paper broker's faults, and up to how many of a hundred calls. What makes a block wait for a
 * person is among it: what a look-up tells of another order. */
static const struct {
	const char *fault;
	uint64_t percent;
} troubles[] = {
    {"\"mode\":\"silent\",\"on\":\"all\"", 25},
    {"\"mode\":\"close\",\"on\":\"all\"", 25},
    {"\"mode\":\"cut\",\"on\":\"all\"", 25},
    {"\"mode\":\"answer\",\"status\":500", 60},
    {"\"mode\":\"answer\",\"status\":504,\"on\":\"all\"", 25},
    {"\"mode\":\"garbage\",\"on\":\"all\"", 25},
    {"\"mode\":\"html\"", 60},
    {"\"mode\":\"slow\",\"on\":\"all\",\"ms\":700", 30},
    {"\"mode\":\"refuse\",\"status\":503,\"on\":\"all\"", 30},
    {"\"mode\":\"rate_limit\",\"ms\":300", 30},
    {"\"mode\":\"duplicate\"", 50},
    {"\"mode\":\"false_duplicate\"", 30},
    {"\"mode\":\"wrong_id\"", 60},
    {"\"mode\":\"wrong_symbol\"", 40},
    {"\"mode\":\"wrong_quantity\",\"on\":\"look_up\"", 10},
    {"\"mode\":\"hide\",\"ms\":1500", 60},
    {"\"mode\":\"hide\",\"on\":\"follow\",\"ms\":600", 40},
    {"\"mode\":\"fills_twice\"", 60},
    {"\"mode\":\"fills_unordered\"", 60},
    {"\"mode\":\"fills_late\",\"ms\":700", 50},
    {"\"mode\":\"fills_after_end\",\"ms\":700", 50},
    {"\"mode\":\"partial\"", 40},
    {"\"mode\":\"partial\",\"percent\":0", 20},
    {"\"mode\":\"overfill\"", 40},
};

#define TROUBLES (sizeof troubles / sizeof troubles[0])

uint64_t soak_draw(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t soak_pick(uint64_t *random, uint64_t n)
{
	return soak_draw(random) % n;
}

/* A length of time within bounds. */
static int64_t pick_ms(uint64_t *random, int64_t least, int64_t most)
{
	return least + (int64_t)soak_pick(random, (uint64_t)(most - least + 1));
}

/* Up to three troubles of the broker at once; none now and then. */
static void make_broker(struct soak_fault *fault, uint64_t *random)
{
	uint64_t count = soak_pick(random, 4);
	size_t length = 1;

	(void)snprintf(fault->broker, sizeof fault->broker, "[");
	for (uint64_t i = 0; i < count; i++) {
		size_t which = (size_t)soak_pick(random, TROUBLES);

		length += (size_t)snprintf(
		    fault->broker + length, sizeof fault->broker - length, "%s{%s,\"probability\":0.%02d,\"seed\":%d}",
		    i ? "," : "", troubles[which].fault, (int)(1 + soak_pick(random, troubles[which].percent)),
		    (int)soak_pick(random, 1000000));
	}
	(void)snprintf(fault->broker + length, sizeof fault->broker - length, "]");
}

/* One fault. */
static void make_fault(struct soak_fault *fault, uint64_t *random)
{
	static const enum soak_action actions[] = {SOAK_KILL, SOAK_KILL,  SOAK_KILL,  SOAK_STOP,
						   SOAK_STOP, SOAK_LEAVE, SOAK_BROKER, SOAK_BROKER};

	fault->action = actions[soak_pick(random, sizeof actions / sizeof actions[0])];
	fault->target = (enum soak_target)soak_pick(random, SOAK_TARGETS);
	fault->for_ms = fault->action == SOAK_STOP ? pick_ms(random, STOP_LEAST_MS, STOP_MOST_MS)
						    : pick_ms(random, DOWN_LEAST_MS, DOWN_MOST_MS);
	if (fault->action == SOAK_BROKER)
		make_broker(fault, random);
}

struct soak_plan soak_plan_make(uint64_t seed, int64_t seconds)
{
	struct soak_plan plan = {0};
	uint64_t random = seed;
	size_t most = (size_t)(seconds * 1000 / PAUSE_LEAST_MS + 1);

	plan.faults = calloc(most, sizeof *plan.faults);
	if (!plan.faults)
		abort();
	for (int64_t at_ms = 0; plan.count < most;) {
		at_ms += pick_ms(&random, PAUSE_LEAST_MS, PAUSE_MOST_MS);
		if (at_ms >= seconds * 1000)
			break;
		plan.faults[plan.count].at_ms = at_ms;
		make_fault(&plan.faults[plan.count++], &random);
	}
	return plan;
}

void soak_plan_free(struct soak_plan *plan)
{
	free(plan->faults);
	*plan = (struct soak_plan){0};
}

void soak_plan_print(const struct soak_plan *plan, FILE *out)
{
	static const char *const words[] = {[SOAK_KILL] = "kill", [SOAK_STOP] = "stop", [SOAK_LEAVE] = "leave"};

	for (size_t i = 0; i < plan->count; i++) {
		const struct soak_fault *fault = &plan->faults[i];

		if (fault->action == SOAK_BROKER)
			(void)fprintf(out, "%7lld ms  broker  %s\n", (long long)fault->at_ms, fault->broker);
		else
			(void)fprintf(out, "%7lld ms  %-6s  %-7s for %lld ms\n", (long long)fault->at_ms,
				      words[fault->action], names[fault->target], (long long)fault->for_ms);
	}
}

const char *soak_target_name(enum soak_target target)
{
	return names[target];
}

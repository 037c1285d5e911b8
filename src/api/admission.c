/* Money travels in hundredths, rounded up: a cap is never broken by what was cut off. */
#include "api/admission.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NANO_A_CENT (NANO / 100)
#define CENTS_MOST  INT64_C(1000000000000000) /* above any cap, and exact in Lua */

struct admission {
	bool has_days; /* some broker has a cap for a day */
	char *text;
	size_t length;
	FILE *out;
};

/* The hundredths of an amount. */
static int64_t cents_of(int128 nano)
{
	int128 cents = (nano + NANO_A_CENT - 1) / NANO_A_CENT;

	return cents < CENTS_MOST ? (int64_t)cents : CENTS_MOST;
}

struct admission *admission_new(const struct config *config)
{
	struct admission *admission;
	bool has_days = false;

	for (size_t i = 0; i < config->broker_count; i++)
		has_days = has_days || config->brokers[i].max_daily_notional_nano > 0;
	if (!has_days && config->caps.orders_per_min_per_user == 0)
		return NULL;
	admission = calloc(1, sizeof *admission);
	if (!admission)
		abort();
	admission->has_days = has_days;
	admission->out = open_memstream(&admission->text, &admission->length);
	if (!admission->out)
		abort();
	(void)fprintf(admission->out, "caps %lld", (long long)config->caps.orders_per_min_per_user);
	for (size_t i = 0; i < config->broker_count; i++) {
		const struct config_broker *broker = &config->brokers[i];

		if (broker->max_daily_notional_nano > 0)
			(void)fprintf(admission->out, " %s=%lld", broker->name,
				      (long long)(broker->max_daily_notional_nano / NANO_A_CENT));
	}
	return admission;
}

void admission_add(struct admission *admission, const struct sized_order *order)
{
	if (admission && admission->has_days)
		(void)fprintf(admission->out, "\n%s %lld", order->broker_type,
			      (long long)cents_of(order->notional_nano));
}

void admission_end(struct admission *take_admission, struct script_args *args)
{
	if (!take_admission)
		return;
	if (fclose(take_admission->out) != 0)
		abort();
	script_args_add_bytes(args, take_admission->text, take_admission->length);
	free(take_admission->text);
	free(take_admission);
}

/* muster-audit: the independent opinion. It reads what clients were told, what Redis holds and what the brokers'
 * ledgers show, holds them against each other, and prints what does not agree. It shares neither allocation nor summing
 * with the programs that it audits, and writes nothing. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/options.h"
#include "audit/pass.h"

/* Between the two readings of what seems wrong: longer than any step of a worker takes. */
#define PAUSE_NS 200000000L

/* The last line. */
static void print_summary(const struct audit_report *report, const struct audit_figures *figures)
{
	printf("audited %zu blocks, %zu orders, %zu fills", figures->blocks, figures->orders, figures->fills);
	if (figures->accepted)
		printf(", %zu accepted requests", figures->accepted);
	printf(", %zu in flight", audit_report_in_flights(report));
	if (figures->in_review)
		printf(", %zu in review", figures->in_review);
	printf(": %zu violations\n", audit_report_violations(report));
}

/* Reads once, and where something is wrong a second time. On a live system only what was wrong both times counts; where
 * all should be quiet, the second reading does. */
static bool run(const struct audit_options *options, struct audit_report *first, struct audit_report *second,
		struct err *err)
{
	struct audit_redis *redis = audit_redis_open(&options->config, err);
	const struct audit_report *report = first;
	struct audit_figures figures;
	bool good = redis && audit_pass_run(options, redis, first, &figures, err);

	if (good && audit_report_violations(first) > 0) {
		(void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
		good = audit_pass_run(options, redis, second, &figures, err);
		report = second;
		if (!options->quiet_expected)
			audit_report_confirm(second, first);
	}
	audit_redis_close(redis);
	if (!good)
		return false;
	audit_report_print(report, stdout);
	print_summary(report, &figures);
	return true;
}

int main(int argc, char **argv)
{
	struct audit_options options;
	struct audit_report *first, *second;
	struct err err = {0};
	int code = audit_options_read(argc, argv, &options);

	if (code >= 0)
		return code;
	first = audit_report_new();
	second = audit_report_new();
	if (!run(&options, first, second, &err)) {
		(void)fprintf(stderr, "muster-audit: %s\n", err.message);
		code = AUDIT_EXIT_UNREADABLE;
	} else { /* where the first reading found nothing, there was no second */
		code = audit_report_violations(second) > 0 ? AUDIT_EXIT_VIOLATIONS : AUDIT_EXIT_GOOD;
	}
	audit_report_free(first);
	audit_report_free(second);
	explicit_bzero(&options.config, sizeof options.config);
	return code;
}

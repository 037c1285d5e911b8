/* See report.h. */
#include "audit/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/arena.h"
#include "audit/map.h"

#define IN_FLIGHT_SHOWN 100
#define LINE_SIZE	1024

struct audit_report {
	struct audit_arena *arena;
	struct audit_list violations, in_flight; /* texts */
};

struct audit_report *audit_report_new(void)
{
	struct audit_report *report = calloc(1, sizeof *report);

	if (!report)
		abort();
	report->arena = audit_arena_new();
	return report;
}

void audit_report_free(struct audit_report *report)
{
	if (!report)
		return;
	audit_arena_free(report->arena);
	free(report);
}

/* Adds a line to a list. What comes from Redis or a ledger cannot break it into two. */
static void add_line(struct audit_report *report, struct audit_list *list, const char *line)
{
	char *copy = (char *)(uintptr_t)audit_arena_text(report->arena, line);

	for (char *at = copy; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	audit_list_add(list, report->arena, copy);
}

void audit_report_violation(struct audit_report *report, enum audit_invariant invariant, const char *format, ...)
{
	char line[LINE_SIZE];
	int length = snprintf(line, sizeof line, "I%d ", (int)invariant);
	va_list list;

	va_start(list, format);
	(void)vsnprintf(line + length, sizeof line - (size_t)length, format, list);
	va_end(list);
	add_line(report, &report->violations, line);
}

void audit_report_in_flight(struct audit_report *report, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(line, sizeof line, format, list);
	va_end(list);
	add_line(report, &report->in_flight, line);
}

size_t audit_report_violations(const struct audit_report *report)
{
	return report->violations.count;
}

size_t audit_report_in_flights(const struct audit_report *report)
{
	return report->in_flight.count;
}

void audit_report_confirm(struct audit_report *report, const struct audit_report *earlier)
{
	struct audit_map known = {0};
	size_t kept = 0;

	for (size_t i = 0; i < earlier->violations.count; i++)
		audit_map_put(&known, report->arena, earlier->violations.items[i], earlier->violations.items[i]);
	for (size_t i = 0; i < report->violations.count; i++) {
		void *line = report->violations.items[i];

		if (audit_map_find(&known, line))
			report->violations.items[kept++] = line;
		else
			audit_list_add(&report->in_flight, report->arena, line);
	}
	report->violations.count = kept;
}

void audit_report_print(const struct audit_report *report, FILE *out)
{
	for (size_t i = 0; i < report->in_flight.count && i < IN_FLIGHT_SHOWN; i++)
		(void)fprintf(out, "in flight: %s\n", (const char *)report->in_flight.items[i]);
	if (report->in_flight.count > IN_FLIGHT_SHOWN)
		(void)fprintf(out, "in flight: %zu more\n", report->in_flight.count - IN_FLIGHT_SHOWN);
	for (size_t i = 0; i < report->violations.count; i++)
		(void)fprintf(out, "%s\n", (const char *)report->violations.items[i]);
}

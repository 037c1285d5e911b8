/* What an audit found: violations, and what is in flight. Lines are "I6 block 6b02f3e0-1: ..." and stand for
 * themselves. */
#ifndef MUSTER_AUDIT_REPORT_H
#define MUSTER_AUDIT_REPORT_H

#include <stddef.h>
#include <stdio.h>

/* The numbers of the invariants; 11 is for what should have ended, 12 for what left in spite of a halt. */
enum audit_invariant {
	AUDIT_NO_LOSS = 1,    /* I1 */
	AUDIT_ONE_ACCEPTANCE, /* I2 */
	AUDIT_PARTITION,      /* I3 */
	AUDIT_BLOCK_IS_SUM,   /* I4 */
	AUDIT_AT_MOST_ONCE,   /* I5 */
	AUDIT_EXACT,	      /* I6 */
	AUDIT_PURE,	      /* I7 */
	AUDIT_POSTED_ONCE,    /* I8 */
	AUDIT_CONSISTENT,     /* I9 */
	AUDIT_NOT_FAILED,     /* I10 */
	AUDIT_ALIVE,	      /* I11 */
	AUDIT_BOUNDED,	      /* I12 */
};

struct audit_report;

struct audit_report *audit_report_new(void);
void audit_report_free(struct audit_report *report);

/* Each takes one line without its end; the first one puts "I<invariant> " before it. */
void audit_report_violation(struct audit_report *report, enum audit_invariant invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void audit_report_in_flight(struct audit_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t audit_report_violations(const struct audit_report *report);
size_t audit_report_in_flights(const struct audit_report *report);

/* Takes out of `report` each violation that `earlier` does not have word for word: what was seen once only was about
 * something that moved. It is in flight then. */
void audit_report_confirm(struct audit_report *report, const struct audit_report *earlier);

/* All violations, and the first hundred things in flight. */
void audit_report_print(const struct audit_report *report, FILE *out);

#endif

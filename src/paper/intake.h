/* Intake: reads an order as it came in and decides whether the broker takes it. */
#ifndef MUSTER_PAPER_INTAKE_H
#define MUSTER_PAPER_INTAKE_H

#include <stdbool.h>

#include <jansson.h>

#include "paper/book.h"
#include "paper/order.h"
#include "paper/refusal.h"
#include "paper/settings.h"
#include "shared/calendar.h"
#include "paper/stock.h"

/* What decides; all borrowed. */
struct paper_intake {
	const struct paper_stocks *stocks;
	const struct paper_book *book;
	const struct paper_settings *settings;
	const struct calendar *calendar; /* NULL: always open */
};

/* A new open order, not in the book yet, that the caller owns; NULL with `refusal` filled where it is not taken. */
struct paper_order *paper_intake_read(const struct paper_intake *intake, const json_t *body,
				      struct paper_refusal *refusal);

#endif

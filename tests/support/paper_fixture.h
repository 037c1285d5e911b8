/* A paper broker of its own for one test: the real program on a free port, with its ledger in a private folder. */
#ifndef MUSTER_TEST_PAPER_FIXTURE_H
#define MUSTER_TEST_PAPER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "tests/support/http_call.h"
#include "tests/support/process.h"

struct paper_fixture {
	struct process *process;
	int port;
	json_t *kept; /* the last answers, so that tests need not free them */
	bool passed;
	char folder[64];
	char ledger_path[96];
};

/* Starts it with the stocks AAPL 190.25, MSFT 410.5, F 12.34, PENNY 0.5 and WHOLE 50, the last one not fractionable. */
struct paper_fixture *paper_fixture_new(void);

/* SIGTERM must end it with 0 where the test passed; otherwise its log is printed. Removes the folder. */
void paper_fixture_free(struct paper_fixture *paper);

/* Starts the program (again) on the same ledger. */
void paper_fixture_start(struct paper_fixture *paper);

/* One call; the test fails where the status is another. The answer is kept by the fixture. */
json_t *paper_call(struct paper_fixture *paper, int status, const char *method, const char *path, const char *body);

/* GET; `path` may hold %s for `text`. */
json_t *paper_get(struct paper_fixture *paper, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* POST /v2/orders for the day: "AAPL", "buy", "10" under this client order id, accepted. */
json_t *paper_submit(struct paper_fixture *paper, const char *client_order_id, const char *symbol, const char *side,
		     const char *quantity);

/* The order with that client order id, once it has that status. */
json_t *paper_wait_status(struct paper_fixture *paper, const char *client_order_id, const char *status);

/* PUT /paper/settings. */
void paper_set(struct paper_fixture *paper, const char *settings);

/* The events of the ledger, as an array. */
json_t *paper_ledger(struct paper_fixture *paper);

/* How many events have this name and, unless it is NULL, this outcome. */
size_t paper_ledger_count(struct paper_fixture *paper, const char *event, const char *outcome);

#endif

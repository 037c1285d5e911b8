/* See paper.h. Builds the parts in the order in which they need each other, and takes them down in reverse. */
#include "paper/paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paper/handlers.h"
#include "shared/log.h"

#define BODY_MAX (64 * 1024)

void paper_fail(struct paper *paper, const struct err *err)
{
	log_event(LOG_ERROR, "stopping", "reason", err->message, NULL);
	program_stop(paper->program, 1);
}

/* The engine cannot go on. */
static void engine_failed(const struct err *err, void *arg)
{
	paper_fail(arg, err);
}

/* Every answer has left after a signal. */
static void drained(void *arg)
{
	struct paper *paper = arg;
	program_stop(paper->program, 0);
}

/* Frees what has been built so far. */
static void paper_free(struct paper *paper)
{
	paper_wire_free(paper->wire);
	paper_faults_free(paper->faults);
	http_server_free(paper->http);
	paper_market_free(paper->market);
	paper_engine_free(paper->engine);
	paper_ledger_close(paper->ledger);
	paper_book_free(paper->book);
	paper_settings_free(paper->settings);
	paper_stocks_free(paper->stocks);
	free(paper);
}

/* Reads the stocks and the ledger. */
static bool paper_load(struct paper *paper, const struct config *config, struct err *err)
{
	if (!*config->paper.stocks_file)
		return err_set(err, ERR_CONFIG,
			       "paper.stocks_file is needed: a CSV file with the columns symbol, name and price");
	paper->stocks = paper_stocks_read(config->paper.stocks_file, err);
	if (!paper->stocks)
		return false;
	paper->settings = paper_settings_new(config->paper.rate_per_min);
	paper->rate_period_ms = config->paper.rate_period_ms;
	paper->book = paper_book_new();
	paper->ledger = paper_ledger_open(config->paper.ledger_file, paper->book, paper->stocks, err);
	if (!paper->ledger)
		return false;
	log_event(LOG_INFO, "loaded", "stocks", log_int((long long)paper_stocks_count(paper->stocks)), "orders",
		  log_int((long long)paper_book_order_count(paper->book)), "fills",
		  log_int((long long)paper_book_fill_count(paper->book)), NULL);
	return true;
}

/* Opens the door, and says where it is. */
static bool paper_listen(struct paper *paper, const struct config *config, struct err *err)
{
	char host[CONFIG_TEXT_SIZE], address[CONFIG_TEXT_SIZE + 16];
	uint16_t port;
	const struct http_server_options options = {
	    .address = config->paper.listen,
	    .max_body_bytes = BODY_MAX,
	    .routes = paper_routes,
	    .problem = paper_answer_problem,
	    .before = paper_admit,
	    .drained = drained,
	    .arg = paper,
	};
	paper->http = http_server_new(paper->base, &options, err);
	if (!paper->http || !config_split_address(config->paper.listen, host, &port, err))
		return false;
	snprintf(address, sizeof address, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, http_server_port(paper->http));
	log_event(LOG_INFO, "listening", "address", address, NULL);
	return true;
}

/* The keys of the broker `paper`, which are those to call this program with. */
static void paper_find_keys(struct paper *paper, const struct config *config)
{
	const struct config_broker *broker = config_broker(config, "paper");
	if (!broker || !*broker->key_id)
		return;
	paper->key_id = broker->key_id;
	paper->key_secret = broker->key_secret;
}

bool paper_start(struct program *program, struct err *err)
{
	const struct config *config = program_config(program);
	struct paper *paper = calloc(1, sizeof *paper);
	if (!paper)
		abort();
	paper->program = program;
	paper->base = program_base(program);
	paper->calendar = program_calendars(program)->of_paper;
	paper->faults = paper_faults_new();
	paper->wire = paper_wire_new(paper->base);
	paper_find_keys(paper, config);
	bool ok = paper_load(paper, config, err);
	if (ok) {
		const struct paper_engine_parts parts = {
		    paper->base, paper->book, paper->ledger, paper->settings, paper->calendar, engine_failed, paper,
		};
		paper->engine = paper_engine_new(&parts);
		paper->market = paper_market_new(&(struct paper_market_parts){paper->base, paper->calendar, paper->book,
									      paper->engine, engine_failed, paper});
		ok = paper_listen(paper, config, err);
	}
	if (!ok) {
		paper_free(paper);
		return false;
	}
	program_set_app(program, paper);
	return true;
}

void paper_drain(struct program *program)
{
	struct paper *paper = program_app(program);
	paper_wire_drain(paper->wire);
	http_server_drain(paper->http);
}

void paper_end(struct program *program)
{
	paper_free(program_app(program));
}

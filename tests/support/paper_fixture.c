/* See paper_fixture.h. */
#include "tests/support/paper_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/json_at.h"
#include "tests/support/wait_until.h"

static const char stocks[] = "symbol,name,price,fractionable\n"
			     "AAPL,Apple,190.25,true\n"
			     "MSFT,\"Microsoft, Inc.\",410.5,true\n"
			     "F,Ford,12.34,true\n"
			     "PENNY,Penny,0.5,true\n"
			     "WHOLE,Whole,50,false\n";

/* Path of a file in the fixture's folder. */
static void path_of(const struct paper_fixture *paper, const char *name, char *path, size_t size)
{
	int length = snprintf(path, size, "%s/%s", paper->folder, name);
	assert_true(length > 0 && (size_t)length < size);
}

/* The port of the last "listening" line of the log; 0 where there is none yet. */
static int port_of_log(const struct paper_fixture *paper)
{
	char *log = process_log(paper->process);
	const char *line = strstr(log, "event=listening address=127.0.0.1:");
	int port = line ? atoi(line + strlen("event=listening address=127.0.0.1:")) : 0;
	free(log);
	return port;
}

void paper_fixture_start(struct paper_fixture *paper)
{
	char build[512], program[600], stocks_option[160], ledger_option[160], log_path[96], stocks_path[96];
	process_find_build(build, sizeof build);
	snprintf(program, sizeof program, "%s/muster-paper", build);
	path_of(paper, "stocks.csv", stocks_path, sizeof stocks_path);
	path_of(paper, "log", log_path, sizeof log_path);
	snprintf(stocks_option, sizeof stocks_option, "paper.stocks_file=%s", stocks_path);
	snprintf(ledger_option, sizeof ledger_option, "paper.ledger_file=%s", paper->ledger_path);
	const char *const argv[] = {program,	   "-o", "paper.listen=127.0.0.1:0", "-o", stocks_option, "-o",
				    ledger_option, NULL};
	process_free(paper->process);
	paper->process = process_start(argv, log_path);
	WAIT_UNTIL(port_of_log(paper) || !process_is_running(paper->process));
	paper->port = port_of_log(paper);
	assert_true(paper->port);
}

struct paper_fixture *paper_fixture_new(void)
{
	char path[96];
	struct paper_fixture *paper = calloc(1, sizeof *paper);
	assert_non_null(paper);
	paper->kept = json_array();
	strcpy(paper->folder, "/tmp/muster-paper-XXXXXX");
	assert_non_null(mkdtemp(paper->folder));
	path_of(paper, "ledger.jsonl", paper->ledger_path, sizeof paper->ledger_path);
	path_of(paper, "stocks.csv", path, sizeof path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(stocks, file) >= 0 && fclose(file) == 0);
	paper_fixture_start(paper);
	return paper;
}

void paper_fixture_free(struct paper_fixture *paper)
{
	static const char *const names[] = {"ledger.jsonl", "stocks.csv", "log"};
	char path[96];
	bool ended_well = !process_is_running(paper->process) || process_end(paper->process) == 0;
	if (!paper->passed || !ended_well)
		process_print_log_tail(paper->process);
	process_free(paper->process);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		path_of(paper, names[i], path, sizeof path);
		(void)unlink(path);
	}
	(void)rmdir(paper->folder);
	json_decref(paper->kept);
	free(paper);
	assert_true(ended_well);
}

json_t *paper_call(struct paper_fixture *paper, int status, const char *method, const char *path, const char *body)
{
	char url[512];
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", paper->port, path);
	const struct http_call call = {.method = method, .url = url, .body = body};
	struct http_reply *reply = http_call(&call);
	if (reply->status != status)
		fail_msg("%s %s %s: %d %s", method, path, body ? body : "", reply->status, reply->body);
	json_t *json = reply->json ? reply->json : json_null();
	json_array_append(paper->kept, json);
	http_reply_free(reply);
	return json;
}

json_t *paper_get(struct paper_fixture *paper, const char *path, ...)
{
	char text[256];
	va_list args;
	va_start(args, path);
	vsnprintf(text, sizeof text, path, args);
	va_end(args);
	return paper_call(paper, 200, "GET", text, NULL);
}

json_t *paper_submit(struct paper_fixture *paper, const char *client_order_id, const char *symbol, const char *side,
		     const char *quantity)
{
	char body[512];
	snprintf(body, sizeof body,
		 "{\"symbol\":\"%s\",\"qty\":\"%s\",\"side\":\"%s\",\"type\":\"market\",\"time_in_force\":\"day\","
		 "\"client_order_id\":\"%s\"}",
		 symbol, quantity, side, client_order_id);
	return paper_call(paper, 200, "POST", "/v2/orders", body);
}

json_t *paper_wait_status(struct paper_fixture *paper, const char *client_order_id, const char *status)
{
	json_t *order = NULL;
	WAIT_UNTIL((order = paper_get(paper, "/v2/orders:by_client_order_id?client_order_id=%s", client_order_id)) &&
		   strcmp(json_text(order, "/status"), status) == 0);
	return order;
}

void paper_set(struct paper_fixture *paper, const char *settings)
{
	(void)paper_call(paper, 200, "PUT", "/paper/settings", settings);
}

json_t *paper_ledger(struct paper_fixture *paper)
{
	char *line = NULL;
	size_t size = 0;
	json_t *events = json_array();
	FILE *file = fopen(paper->ledger_path, "r");
	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		json_t *event = json_loads(line, 0, NULL);
		assert_non_null(event);
		json_array_append_new(events, event);
	}
	free(line);
	(void)fclose(file);
	json_array_append_new(paper->kept, events);
	return events;
}

size_t paper_ledger_count(struct paper_fixture *paper, const char *event, const char *outcome)
{
	size_t count = 0, i;
	json_t *row;
	json_array_foreach (paper_ledger(paper), i, row) {
		const char *has = json_string_value(json_object_get(row, "outcome"));
		count +=
		    strcmp(json_text(row, "/event"), event) == 0 && (!outcome || (has && strcmp(has, outcome) == 0));
	}
	return count;
}

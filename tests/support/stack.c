/* The life of the programs; their calls are in stack_call.c. */
#include "tests/support/stack.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/proxy.h"
#include "tests/support/source_folder.h"
#include "tests/support/stack_kept.h"
#include "tests/support/wait_until.h"

#define ARGV_MAX 48

static const char ini_format[] = "[redis]\n"
				 "url = %s\n"
				 "timeout_ms = 10000\n"
				 "[api]\n"
				 "listen = 127.0.0.1:0\n"
				 "[window]\n"
				 "length_s = 86400\n"
				 "[worker]\n"
				 "lease_ms = 1000\n"
				 "poll_ms = 50\n"
				 "[broker.paper]\n"
				 "base_url = http://127.0.0.1:%d\n"
				 "timeout_ms = 500\n"
				 "[paper]\n"
				 "listen = 127.0.0.1:%d\n"
				 "ledger_file = %s\n"
				 "stocks_file = %s/stocks.csv\n";

/* Writes the configuration of all programs; the paper broker's port is 0 until it has one. */
static void write_ini(const struct stack *stack)
{
	const char *login = stack->options.login, *ini = stack->options.ini;
	char path[96], url[256];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/muster.conf", stack->folder);
	(void)snprintf(url, sizeof url, "%s", redis_server_url(stack->redis));
	if (login)
		(void)snprintf(url, sizeof url, "unix://%s@%s", login, redis_server_socket(stack->redis));
	if (stack->proxy)
		(void)snprintf(url, sizeof url, "redis://127.0.0.1:%d/0", proxy_port(stack->proxy));
	file = fopen(path, "we");
	if (!file)
		abort();
	(void)fprintf(file, ini_format, url, stack->paper_port, stack->paper_port, stack->ledger_path, stack->folder);
	(void)fprintf(file, "%s", ini ? ini : "");
	(void)fclose(file);
}

/* Writes the list of stocks: fractionable ones for the broker, plain ones for the API. */
static void write_stocks(const struct stack *stack)
{
	static const char *const named[] = {"AAPL,Apple,190.25", "MSFT,Microsoft,410.5", "GOOG,Alphabet,141.8",
					    "F,Ford,12.34"};
	char path[96];

	for (int broker = 0; broker <= 1; broker++) {
		const char *tail = broker ? ",true" : "";
		FILE *file;

		(void)snprintf(path, sizeof path, "%s/%s", stack->folder, broker ? "stocks.csv" : "put.csv");
		file = fopen(path, "we");
		if (!file)
			abort();
		(void)fprintf(file, "symbol,name,price%s\n", broker ? ",fractionable" : "");
		for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
			(void)fprintf(file, "%s%s\n", named[i], tail);
		for (int i = 0; i < STACK_SPARE_SYMBOLS; i++)
			(void)fprintf(file, "S%03d,Spare %d,%d.%02d%s\n", i, i, 10 + i * 37 / 100, i * 37 % 100, tail);
		(void)fclose(file);
	}
}

/* Starts a program on the configuration; `override` (may be NULL) is one more setting. */
static struct process *start_program(struct stack *stack, const char *name, const char *log, const char *override)
{
	const char *argv[ARGV_MAX] = {stack_text(stack, "%s/%s", stack->build, name), "-c",
				      stack_text(stack, "%s/muster.conf", stack->folder)};
	size_t count = 3;

	if (stack->options.tokens) {
		argv[count++] = "-o";
		argv[count++] = stack_text(stack, "api.tokens_file=%s", stack->tokens_path);
	}
	for (size_t i = 0; i < STACK_SETTINGS_MAX && stack->options.settings[i]; i++) {
		argv[count++] = "-o";
		argv[count++] = stack->options.settings[i];
	}
	if (override) {
		argv[count++] = "-o";
		argv[count++] = override;
	}
	return process_start(argv, stack_text(stack, "%s/%s.log", stack->folder, log));
}

void stack_write_tokens(struct stack *stack, const char *text)
{
	FILE *file = fopen(stack->tokens_path, "we");

	if (!file || fchmod(fileno(file), 0640) != 0 || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

/* Shows the logs of all programs. */
static void print_logs(const struct stack *stack)
{
	if (stack->paper)
		process_print_log_tail(stack->paper);
	for (int i = 0; i < STACK_APIS_MAX; i++)
		if (stack->apis[i])
			process_print_log_tail(stack->apis[i]);
	for (int i = 0; i < STACK_WORKERS_MAX; i++)
		if (stack->workers[i])
			process_print_log_tail(stack->workers[i]);
}

/* Ends the test program: nothing that follows could mean anything. */
static void give_up(const struct stack *stack, const char *what)
{
	(void)fprintf(stderr, "stack: %s (%s)\n", what, stack->folder);
	print_logs(stack);
	redis_server_print_log(stack->redis);
	abort();
}

/* Waits until the program has logged where it listens; returns the port. */
static int wait_for_port(const struct stack *stack, struct process *process)
{
	static const char mark[] = "event=listening address=127.0.0.1:";
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	for (;;) {
		char *log = process_log(process), *at = strstr(log, mark);
		int port = at && strchr(at, '\n') ? atoi(at + sizeof mark - 1) : 0;

		free(log);
		if (port > 0)
			return port;
		if (!process_is_running(process) || clock_monotonic_us() > end_us)
			give_up(stack, "a program does not listen");
		wait_pause();
	}
}

void stack_start_paper_unseen(struct stack *stack)
{
	process_free(stack->paper);
	stack->paper = start_program(stack, "muster-paper", "paper", NULL);
}

void stack_start_paper(struct stack *stack)
{
	stack_start_paper_unseen(stack);
	stack->paper_port = wait_for_port(stack, stack->paper);
	write_ini(stack);
}

void stack_start_api_unseen(struct stack *stack, int i)
{
	char listen[64];

	process_free(stack->apis[i]);
	(void)snprintf(listen, sizeof listen, "api.listen=127.0.0.1:%d", stack->api_ports[i]);
	stack->apis[i] = start_program(stack, "muster-api", stack_text(stack, "api%d", i), listen);
}

void stack_start_api(struct stack *stack, int i)
{
	stack_start_api_unseen(stack, i);
	stack->api_ports[i] = wait_for_port(stack, stack->apis[i]);
}

void stack_start_worker_unseen(struct stack *stack, int i)
{
	process_free(stack->workers[i]);
	stack->workers[i] = start_program(stack, "muster-worker", stack_text(stack, "worker%d", i), NULL);
}

void stack_start_worker(struct stack *stack, int i)
{
	stack_start_worker_unseen(stack, i);
	WAIT_UNTIL(process_log_has(stack->workers[i], "event=scheduler_going"));
}

void stack_wait_ready(struct stack *stack, int i, int status)
{
	const struct http_call call = {.method = "GET", .url = "/readyz"};

	WAIT_UNTIL(stack_call(stack, i, &call)->status == status);
}

static int64_t time_of(const char *at)
{
	struct err err;
	int64_t at_ms;

	if (!clock_parse(at, &at_ms, &err))
		abort();
	return at_ms;
}

void stack_set_clock(struct stack *stack, const char *at)
{
	redis_server_set_clock(stack->redis, time_of(at));
}

struct stack *stack_start(const struct stack_options *options)
{
	struct stack *stack = calloc(1, sizeof *stack);

	if (!stack)
		abort();
	(void)unsetenv("MUSTER_REDIS_URL");
	stack->options = *options;
	stack->accepted = json_object();
	(void)snprintf(stack->folder, sizeof stack->folder, "/tmp/muster-stack-XXXXXX");
	if (!mkdtemp(stack->folder))
		abort();
	(void)snprintf(stack->ledger_path, sizeof stack->ledger_path, "%s/ledger.jsonl", stack->folder);
	(void)snprintf(stack->tokens_path, sizeof stack->tokens_path, "%s/tokens", stack->folder);
	stack->bearer = options->bearer;
	if (options->tokens)
		stack_write_tokens(stack, options->tokens);
	stack->build = build_folder();
	stack->redis = options->at ? redis_server_start_at(options->redis, time_of(options->at))
				   : redis_server_start(options->redis);
	if (options->has_proxy)
		stack->proxy = proxy_start(redis_server_socket(stack->redis));
	if (options->is_redis_away)
		redis_server_end(stack->redis);
	write_ini(stack);
	write_stocks(stack);
	stack_start_paper(stack);
	for (int i = 0; i < (options->apis ? options->apis : 1); i++) {
		stack_start_api(stack, i);
		if (!options->is_redis_away)
			stack_wait_ready(stack, i, 200);
		if (!options->is_redis_away && i == 0)
			stack_put_stocks(stack);
	}
	for (int i = 0; i < options->workers; i++)
		stack_start_worker(stack, i);
	return stack;
}

void stack_end_leases(struct stack *stack, const struct process *worker)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks 0 -1");
	char host[256] = "", name[320];

	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(name, sizeof name, "%s:%d", host, (int)process_pid(worker));
	for (size_t i = 0; i < blocks->elements; i++) {
		const char *block = blocks->element[i]->str;
		redisReply *holder = redis_server_command(stack->redis, "HGET muster:{0}:block:%s worker", block);

		if (holder->str && strcmp(holder->str, name) == 0)
			redis_server_run(stack->redis, "ZADD muster:{0}:blocks XX 0 %s", block);
		freeReplyObject(holder);
	}
	freeReplyObject(blocks);
	redis_server_run(stack->redis, "PUBLISH muster:{0}:wake blocks");
}

void stack_end_program(struct process **program)
{
	int result = process_end(*program);

	if (result != 0)
		process_print_log_tail(*program);
	assert_int_equal(result, 0);
	process_free(*program);
	*program = NULL;
}

void stack_kill_program(struct process **program)
{
	process_kill(*program);
	process_free(*program);
	*program = NULL;
}

void stack_finish(struct stack *stack)
{
	check_all_exact(stack);
	stack_finish_unchecked(stack);
}

void stack_finish_unchecked(struct stack *stack)
{
	for (int i = 0; i < STACK_WORKERS_MAX; i++)
		if (stack->workers[i])
			stack_end_program(&stack->workers[i]);
	for (int i = 0; i < STACK_APIS_MAX; i++)
		if (stack->apis[i])
			stack_end_program(&stack->apis[i]);
	stack_end_program(&stack->paper);
	stack->passed = true;
}

/* One entry of the folder, for nftw. */
static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

void stack_stop(struct stack *stack)
{
	if (!stack)
		return;
	if (!stack->passed)
		print_logs(stack);
	process_free(stack->paper);
	for (int i = 0; i < STACK_APIS_MAX; i++)
		process_free(stack->apis[i]);
	for (int i = 0; i < STACK_WORKERS_MAX; i++)
		process_free(stack->workers[i]);
	proxy_stop(stack->proxy);
	redis_server_stop(stack->redis);
	if (getenv("MUSTER_TEST_KEEP"))
		(void)fprintf(stderr, "kept: %s\n", stack->folder);
	else
		(void)nftw(stack->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	kept_free(stack->kept);
	json_decref(stack->accepted);
	free(stack->build);
	free(stack);
}

int stack_teardown(void **state)
{
	stack_stop(*state);
	*state = NULL;
	return 0;
}

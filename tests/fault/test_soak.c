/* The soak: two APIs, three workers, Redis and the paper broker, all of them killed and stopped at random while clients send
 * every kind of order and the broker fails in every way. Then all is healed, and the auditor holds what Redis and the broker
 * have against what the clients were told.
 *
 * `make soak SECONDS=60 SEED=7`; MUSTER_SOAK_PLAN=1 only prints the plan. A machine that is slow gets less done, but what is
 * wrong is wrong on any. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check_audit.h"
#include "tests/support/faults.h"
#include "tests/support/json_at.h"
#include "tests/support/soak_client.h"
#include "tests/support/wait_until.h"

#ifdef __SANITIZE_ADDRESS__
#define SECONDS_USUAL 8
#else
#define SECONDS_USUAL 15
#endif
#define SEED_USUAL    1
#define CLIENTS	      6
#define QUIET_MOST_US INT64_C(180000000)

/* How a program is: as it should be, or away until some time. */
struct target {
	enum { UP, STOPPED, DOWN } state;
	int64_t until_us;
};

struct soak {
	struct stack *stack;
	struct soak_plan plan;
	struct target targets[SOAK_TARGETS];
	struct soak_client clients[CLIENTS];
	atomic_bool is_over;
	int64_t kills, stops, leaves, broker_changes, recoveries, reviews, violations;
};

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 10) : otherwise;
}

/* Tells of something that must not be, and counts it. */
static void violate(struct soak *soak, const char *what, const char *detail)
{
	soak->violations++;
	print_message("VIOLATION: %s: %s\n", what, detail);
}

static struct process *process_of(const struct soak *soak, enum soak_target target)
{
	if (target >= SOAK_API && target < SOAK_WORKER)
		return soak->stack->apis[target - SOAK_API];
	if (target >= SOAK_WORKER && target < SOAK_REDIS)
		return soak->stack->workers[target - SOAK_WORKER];
	return target == SOAK_PAPER ? soak->stack->paper : NULL;
}

static const char *const redis_options[] = {"--appendfsync", "always", NULL};

/* Starts it (again); does not wait for anything. */
static void start(struct soak *soak, enum soak_target target)
{
	if (target >= SOAK_API && target < SOAK_WORKER)
		stack_start_api_unseen(soak->stack, (int)target - SOAK_API);
	else if (target >= SOAK_WORKER && target < SOAK_REDIS)
		stack_start_worker_unseen(soak->stack, (int)target - SOAK_WORKER);
	else if (target == SOAK_PAPER)
		stack_start_paper_unseen(soak->stack);
	else
		redis_server_restart_with(soak->stack->redis, redis_options);
}

static void send_signal(struct soak *soak, enum soak_target target, int number)
{
	if (target == SOAK_REDIS)
		(void)kill(redis_server_pid(soak->stack->redis), number);
	else
		process_signal(process_of(soak, target), number);
}

/* Brings back what has been away for long enough; at the end (`is_healing`) all of it. */
static void revive(struct soak *soak, bool is_healing)
{
	for (enum soak_target t = 0; t < SOAK_TARGETS; t++) {
		struct target *target = &soak->targets[t];

		if (target->state == UP || (!is_healing && clock_monotonic_us() < target->until_us))
			continue;
		if (target->state == STOPPED)
			send_signal(soak, t, SIGCONT);
		else
			start(soak, t);
		target->state = UP;
		soak->recoveries++;
	}
}

/* What we have not ended must not have ended. */
static void look_for_deaths(struct soak *soak)
{
	for (enum soak_target t = 0; t < SOAK_TARGETS; t++) {
		struct process *process = process_of(soak, t);

		if (!process || soak->targets[t].state != UP || process_is_running(process))
			continue;
		violate(soak, "a program has ended by itself", soak_target_name(t));
		process_print_log_tail(process);
		start(soak, t);
	}
}

/* Tells the paper broker how to fail. It may be away itself: then it goes on as it was. */
static void set_broker(struct soak *soak, const char *faults)
{
	const struct http_call call = {
	    .method = "PUT",
	    .url = stack_text(soak->stack, "http://127.0.0.1:%d/paper/faults", soak->stack->paper_port),
	    .body = faults};

	if (soak->targets[SOAK_PAPER].state != UP)
		return;
	http_reply_free(http_call(&call));
	soak->broker_changes++;
}

/* Asks a program to leave and waits for its end, which must be a good one. */
static void leave(struct soak *soak, enum soak_target target)
{
	if (target == SOAK_REDIS) {
		redis_server_end(soak->stack->redis);
		return;
	}
	if (process_end(process_of(soak, target)) != 0) {
		violate(soak, "a program asked to leave did not end well", soak_target_name(target));
		process_print_log_tail(process_of(soak, target));
	}
}

static void strike(struct soak *soak, const struct soak_fault *fault)
{
	struct target *target = &soak->targets[fault->target];

	if (fault->action == SOAK_BROKER) {
		set_broker(soak, fault->broker);
		return;
	}
	if (target->state != UP) /* it is away already */
		return;
	target->state = fault->action == SOAK_STOP ? STOPPED : DOWN;
	target->until_us = clock_monotonic_us() + fault->for_ms * 1000;
	if (fault->action == SOAK_STOP) {
		send_signal(soak, fault->target, SIGSTOP);
		soak->stops++;
	} else if (fault->action == SOAK_LEAVE) {
		leave(soak, fault->target);
		soak->leaves++;
	} else {
		if (fault->target == SOAK_REDIS)
			redis_server_kill(soak->stack->redis);
		else
			process_kill(process_of(soak, fault->target));
		soak->kills++;
	}
}

/* Carries out the plan. */
static void reap(struct soak *soak, int64_t seconds)
{
	int64_t start_us = clock_monotonic_us();
	size_t next = 0;

	while (clock_monotonic_us() < start_us + seconds * 1000000) {
		int64_t at_ms = (clock_monotonic_us() - start_us) / 1000;

		revive(soak, false);
		look_for_deaths(soak);
		if (next < soak->plan.count && at_ms >= soak->plan.faults[next].at_ms)
			strike(soak, &soak->plan.faults[next++]);
		wait_pause();
	}
}

/* Everything is well again: all programs are there and the broker fails no more. */
static void heal(struct soak *soak)
{
	revive(soak, true);
	WAIT_UNTIL(process_log_has(soak->stack->paper, "event=listening"));
	faults_clear(soak->stack);
	for (int i = 0; i < SOAK_APIS; i++)
		stack_wait_ready(soak->stack, i, 200);
}

/* Whether the planned faults explain that a block waits for a person: its workers were killed, or the broker told of
 * another order, denied one, or told fills that do not add up. */
static bool is_explained(const char *reason)
{
	static const char *const reasons[] = {
	    "its workers died or failed",
	    "what the broker holds under our client_order_id is not what was sent",
	    "the broker has taken the order and now denies it",
	    "the fills do not add up to what the broker says it filled",
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strstr(reason, reasons[i]))
			return true;
	return false;
}

/* A person looks at what waits for one: the broker is honest again, so that all of it can go on. */
static void resolve_reviews(struct soak *soak)
{
	const json_t *page = stack_get(soak->stack, 200, "/blocks?status=needs_review");
	const json_t *block;
	size_t i;

	json_array_foreach (json_at(page, "/items"), i, block) {
		const char *reason = json_text(block, "/reason");
		const struct http_call call = {
		    .method = "POST",
		    .url = stack_text(soak->stack, "/blocks/%s/resolve", json_text(block, "/block_id")),
		    .body = "{\"action\":\"retry\",\"note\":\"healed\"}"};

		soak->reviews++;
		print_message("in review: %s %s: %s\n", json_text(block, "/block_id"), json_text(block, "/symbol"), reason);
		if (!is_explained(reason))
			violate(soak, "a block waits for a person without a planned reason", reason);
		(void)stack_call(soak->stack, 0, &call);
	}
}

/* Waits until everything has ended: I11. */
static void wait_quiet(struct soak *soak)
{
	int64_t end_us = clock_monotonic_us() + QUIET_MOST_US;

	while (stack_redis_int(soak->stack, "EXISTS muster:{0}:windows muster:{0}:windows:working") != 0) {
		look_for_deaths(soak);
		resolve_reviews(soak);
		if (clock_monotonic_us() > end_us) {
			violate(soak, "something is still under way",
				json_dumps(stack_get(soak->stack, 200, "/trade-queue/queue/status"), JSON_COMPACT));
			return;
		}
		wait_pause();
	}
}

/* The auditor's opinion, against the clients' own record. */
static void audit(struct soak *soak)
{
	const char *path = stack_text(soak->stack, "%s/accepted.jsonl", soak->stack->folder);
	const char *const arguments[] = {"--ledger", soak->stack->ledger_path, "--accepted", path, "--quiet-expected", NULL};
	FILE *file = fopen(path, "we");
	char *output = NULL, *rest, *line;
	json_t *entry;
	size_t i;
	int code;

	assert_non_null(file);
	for (int c = 0; c < CLIENTS; c++) {
		json_array_foreach (soak->clients[c].accepted, i, entry) {
			(void)json_dumpf(entry, file, JSON_COMPACT);
			(void)fputc('\n', file);
		}
	}
	(void)fclose(file);
	code = audit_run(soak->stack, arguments, &output);
	for (rest = output; (line = strsep(&rest, "\n"));) {
		if (strncmp(line, "audited ", 8) == 0)
			print_message("%s\n", line);
		else if (*line)
			violate(soak, "the auditor", line);
	}
	if (code != 0 && soak->violations == 0)
		violate(soak, "the auditor ends badly", stack_text(soak->stack, "exit code %d", code));
	free(output);
}

/* Starts the clients, each with numbers of its own. */
static void start_clients(struct soak *soak, uint64_t seed)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct soak_client *client = &soak->clients[i];

		*client = (struct soak_client){.number = i, .random = seed * 1000 + (uint64_t)i, .is_over = &soak->is_over};
		memcpy(client->api_ports, soak->stack->api_ports, sizeof client->api_ports);
		soak_client_start(client);
	}
}

/* Ends the clients and counts what they saw. */
static void end_clients(struct soak *soak, struct soak_client *sum)
{
	json_t *text;
	size_t at;

	atomic_store(&soak->is_over, true);
	for (int i = 0; i < CLIENTS; i++) {
		const struct soak_client *client = &soak->clients[i];

		soak_client_join(&soak->clients[i]);
		sum->requests += client->requests;
		sum->tries += client->tries;
		sum->refused += client->refused;
		sum->replayed += client->replayed;
		sum->canceled += client->canceled;
		for (int kind = 0; kind < SOAK_KINDS; kind++)
			sum->kinds[kind] += client->kinds[kind];
		json_array_foreach (client->violations, at, text)
			violate(soak, "a client", json_string_value(text));
	}
}

static void print_figures(const struct soak *soak, const struct soak_client *sum, long seed, long seconds)
{
	print_message("soak: seed %ld, %ld s: %lld requests, %lld calls, %lld retries and repeats, %lld found stored already, "
		      "%lld canceled, %lld came too late for their window\n",
		      seed, seconds, (long long)sum->requests, (long long)sum->tries,
		      (long long)(sum->tries - sum->requests), (long long)sum->replayed, (long long)sum->canceled,
		      (long long)sum->refused);
	for (int kind = 0; kind < SOAK_KINDS; kind++)
		print_message("%s%s %lld", kind ? ", " : "kinds: ", soak_kind_name(kind), (long long)sum->kinds[kind]);
	print_message("\nfaults: %lld kills, %lld stops, %lld asked to leave, %lld moods of the broker; %lld recoveries, %lld "
		      "blocks resolved by a person\n",
		      (long long)soak->kills, (long long)soak->stops, (long long)soak->leaves,
		      (long long)soak->broker_changes, (long long)soak->recoveries, (long long)soak->reviews);
	print_message("violations: %lld\n", (long long)soak->violations);
}

static void test_soak(void **state)
{
	static const struct stack_options options = {
	    .apis = SOAK_APIS,
	    .workers = SOAK_WORKERS,
	    .redis = redis_options,
	    .settings = {"window.length_s=2", "lanes.coalesce_ms=100", "redis.timeout_ms=1000", "lanes.large_horizon_s=3",
			 "lanes.large_interval_s=0.5", "lanes.turn_s=1", "broker.paper.max_slice_quantity=400"}};
	long seconds = number_of("MUSTER_SOAK_SECONDS", SECONDS_USUAL), seed = number_of("MUSTER_SOAK_SEED", SEED_USUAL);
	struct soak soak = {.plan = soak_plan_make((uint64_t)seed, seconds)};
	struct soak_client sum = {0};

	if (number_of("MUSTER_SOAK_PLAN", 0)) {
		soak_plan_print(&soak.plan, stdout);
		soak_plan_free(&soak.plan);
		return;
	}
	soak.stack = *state = stack_start(&options);
	stack_set_paper(soak.stack, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":40,\"price_step\":\"0.01\","
				    "\"commission_per_order\":\"1.07\"}");
	start_clients(&soak, (uint64_t)seed);
	reap(&soak, seconds);
	heal(&soak);
	end_clients(&soak, &sum);
	wait_quiet(&soak);
	audit(&soak);
	print_figures(&soak, &sum, seed, seconds);
	for (int i = 0; i < CLIENTS; i++)
		soak_client_free(&soak.clients[i]);
	soak_plan_free(&soak.plan);
	assert_int_equal(soak.violations, 0);
	assert_true(sum.requests > 0);
	stack_finish_unchecked(soak.stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_soak, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

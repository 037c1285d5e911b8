/* The frame of the programs: command line, exit codes, signals. Each run is a process of its own, as in reality. */
#include "shared/program.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16
#define PATIENCE_S    20 /* a run that hangs is ended by SIGALRM, which no test takes for success */

/* What one run left behind. */
struct outcome {
	int exit_code; /* -1: ended by a signal */
	char out[16384];
	char errors[8192];
};

static char **arguments; /* of the run, for hooks that look at them; set in the child only */

static bool start_and_stop(struct program *program, struct err *err)
{
	(void)err;
	program_set_app(program, &arguments);
	puts("started");
	program_stop(program, 0);
	return true;
}

static bool start_and_stop_with_failure(struct program *program, struct err *err)
{
	bool started = start_and_stop(program, err);

	program_stop(program, 1);
	program_stop(program, 0);
	return started;
}

static bool start_without_success(struct program *program, struct err *err)
{
	(void)program;
	return err_set(err, ERR_REDIS_UNAVAILABLE, "no Redis at this address");
}

static bool start_and_signal_once(struct program *program, struct err *err)
{
	(void)program;
	(void)err;
	raise(SIGPIPE);
	raise(SIGTERM);
	return true;
}

static bool start_and_show(struct program *program, struct err *err)
{
	const struct config_broker *paper = config_broker(program_config(program), "paper");
	struct rlimit cores;

	getrlimit(RLIMIT_CORE, &cores);
	printf("url %s cores %lld %lld dumpable %d\n", program_config(program)->redis.url, (long long)cores.rlim_cur,
	       (long long)cores.rlim_max, prctl(PR_GET_DUMPABLE));
	printf("key %s:%s\n", paper->key_id, paper->key_secret);
	for (char **variable = environ; *variable != NULL; variable++)
		printf("variable %s\n", *variable);
	return start_and_stop(program, err);
}

static void drain_at_once(struct program *program)
{
	puts("drained");
	program_stop(program, 0);
}

/* A drain that never ends, met by the second signal. */
static void drain_for_ever(struct program *program)
{
	(void)program;
	puts("draining");
	fflush(stdout);
	raise(SIGINT);
}

static void end_run(struct program *program)
{
	(void)program;
	puts("ended");
}

static const struct program_hooks plain = {.name = "muster-test",
					   .purpose = "shows the frame",
					   .start = start_and_stop,
					   .drain = drain_at_once,
					   .end = end_run};

static void read_back(FILE *file, char *text, size_t size)
{
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* In the child: the program itself, on arguments that can be written to. */
static void be_program(const struct program_hooks *hooks, const char *const *words)
{
	char *copies[ARGUMENTS_MAX + 1] = {NULL};
	struct rlimit cores;
	int count = 0;
	int exit_code;

	copies[count++] = strdup(hooks->name);
	for (; *words != NULL; words++)
		copies[count++] = strdup(*words);
	arguments = copies;
	alarm(PATIENCE_S);
	/* As many as are allowed, so that forbidding them shows. */
	getrlimit(RLIMIT_CORE, &cores);
	cores.rlim_cur = cores.rlim_max;
	setrlimit(RLIMIT_CORE, &cores);
	exit_code = program_main(count, copies, hooks);
	fflush(stdout);
	_exit(exit_code);
}

static struct outcome run_program(const struct program_hooks *hooks, const char *const *words)
{
	struct outcome outcome = {.exit_code = -1};
	FILE *out = tmpfile();
	FILE *errors = tmpfile();
	int status;
	pid_t child;

	assert_true(out != NULL && errors != NULL);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(errors), STDERR_FILENO);
		be_program(hooks, words);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		outcome.exit_code = WEXITSTATUS(status);
	read_back(out, outcome.out, sizeof(outcome.out));
	read_back(errors, outcome.errors, sizeof(outcome.errors));
	return outcome;
}

#define RUN(hooks, ...) run_program(hooks, (const char *const[]){__VA_ARGS__, NULL})

static void version_and_help_exit_0(void **state)
{
	struct outcome outcome = RUN(&plain, "-V");

	(void)state;
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.out, "muster-test 0.1.0\n");
	outcome = RUN(&plain, "-h");
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.errors, "");
	assert_non_null(strstr(outcome.out, "muster-test: shows the frame\n"));
	for (size_t i = 0; i < config_option_count(); i++) {
		const char *line = strstr(outcome.out, config_option_name(i));

		assert_non_null(line);
		assert_non_null(strstr(line, config_option_help(i)));
	}
}

static void wrong_command_lines_exit_2_and_start_nothing(void **state)
{
	struct outcome outcomes[] = {
	    RUN(&plain, "-x"),
	    RUN(&plain, "-c"),
	    RUN(&plain, "-o"),
	    RUN(&plain, "hunter2"),
	    RUN(&plain, "--c"),
	    RUN(&plain, "-c", "a", "-c", "b"),
	    RUN(&plain, "-n", "hunter2"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		assert_int_equal(outcomes[i].exit_code, 2);
		assert_string_equal(outcomes[i].out, "");
		assert_non_null(strstr(outcomes[i].errors, "try muster-test -h\n"));
		assert_null(strstr(outcomes[i].errors, "hunter2"));
	}
	assert_string_equal(outcomes[0].errors, "muster-test: unknown option -x; try muster-test -h\n");
}

static void check_prints_every_problem(void **state)
{
	struct outcome outcome = RUN(&plain, "-n");

	(void)state;
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.out, "configuration is good\n");
	assert_string_equal(outcome.errors, "");
	outcome = RUN(&plain, "-n", "-o", "window.length_s=0", "-oworker.x=1", "-c", "none.conf");
	assert_int_equal(outcome.exit_code, 2);
	assert_string_equal(outcome.out, "");
	assert_string_equal(
	    outcome.errors,
	    "muster-test: none.conf: No such file or directory\n"
	    "muster-test: -o: window.length_s: \"0\" is not allowed; it must be a whole number from 1 to 86400\n"
	    "muster-test: -o: worker.x: unknown key; [worker] has concurrency, lease_ms, poll_ms, log_shares, "
	    "metrics_listen\n");
	outcome = RUN(&plain, "-n", "-o", "api.listen=0.0.0.0:1", "-o", "broker.paper.adapter=kite");
	assert_int_equal(outcome.exit_code, 2);
	assert_non_null(strstr(outcome.errors, "muster-test: api.listen: "));
	assert_non_null(strstr(outcome.errors, "muster-test: broker.paper.adapter: kite is not available yet"));
}

static void wrong_configuration_starts_nothing(void **state)
{
	struct outcome outcome = RUN(&plain, "-o", "window.length_s=0");

	(void)state;
	assert_int_equal(outcome.exit_code, 2);
	assert_string_equal(outcome.out, "");
}

static void good_run_starts_and_ends(void **state)
{
	struct program_hooks hooks = plain;
	struct outcome outcome = RUN(&plain, "-o", "window.length_s=60");

	(void)state;
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.out, "started\nended\n");
	hooks.start = start_and_stop_with_failure;
	outcome = RUN(&hooks, "-o", "window.length_s=60");
	assert_int_equal(outcome.exit_code, 1);
	assert_string_equal(outcome.out, "started\nended\n");
}

static void failed_start_is_logged_and_exits_1(void **state)
{
	struct program_hooks hooks = plain;
	struct outcome outcome;

	(void)state;
	hooks.start = start_without_success;
	outcome = RUN(&hooks, "-o", "window.length_s=60");
	assert_int_equal(outcome.exit_code, 1);
	assert_string_equal(outcome.out, "");
	assert_non_null(strstr(outcome.errors, "event=start_failed code=redis_unavailable"));
	assert_non_null(strstr(outcome.errors, "reason=\"no Redis at this address\""));
}

static void first_signal_drains_and_second_exits_at_once(void **state)
{
	struct program_hooks hooks = plain;
	struct outcome outcome;

	(void)state;
	hooks.start = start_and_signal_once;
	outcome = RUN(&hooks, "-o", "window.length_s=60");
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.out, "drained\nended\n");
	hooks.drain = drain_for_ever;
	outcome = RUN(&hooks, "-o", "window.length_s=60");
	assert_int_equal(outcome.exit_code, 1);
	assert_string_equal(outcome.out, "draining\n");
	assert_non_null(strstr(outcome.errors, "event=exit_at_once"));
}

static void secrets_on_the_command_line_start_nothing(void **state)
{
	static const char *const settings[] = {"redis.url=redis://:hunter2@h", "redis.url=unix://u:hunter2@/run/redis",
					       "redis.url=redis://:hunter2@h:none", "broker.paper.key_id=hunter2",
					       "broker.paper.key_secret=hunter2"};

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct outcome outcome = RUN(&plain, "-o", settings[i]);

		assert_int_equal(outcome.exit_code, 2);
		assert_string_equal(outcome.out, "");
		assert_null(strstr(outcome.errors, "hunter2"));
		if (i != 2)
			assert_non_null(strstr(outcome.errors, "no secret may stand on the command line"));
	}
}

static void secrets_that_cannot_be_used_start_nothing(void **state)
{
	struct outcome outcome;

	(void)state;
	setenv("MUSTER_REDIS_URL", "redis://:hunter2@h", 1);
	setenv("MUSTER_REDIS_URL_FILE", "/nowhere/hunter", 1);
	outcome = RUN(&plain, "-o", "window.length_s=7");
	assert_int_equal(outcome.exit_code, 2);
	assert_string_equal(outcome.out, "");
	assert_string_equal(
	    outcome.errors,
	    "muster-test: MUSTER_REDIS_URL and MUSTER_REDIS_URL_FILE are both set; unset one of them\n");
	unsetenv("MUSTER_REDIS_URL");
	outcome = RUN(&plain, "-n");
	assert_int_equal(outcome.exit_code, 2);
	assert_string_equal(outcome.errors,
			    "muster-test: MUSTER_REDIS_URL_FILE: /nowhere/hunter: No such file or directory\n");
	unsetenv("MUSTER_REDIS_URL_FILE");
}

/* Runs with secrets in the environment, which the run must not change for us. */
static struct outcome run_with_secrets(bool uses_keys)
{
	struct program_hooks hooks = plain;
	struct outcome outcome;

	hooks.start = start_and_show;
	hooks.uses_keys = uses_keys;
	setenv("MUSTER_REDIS_URL", "redis://:hunter2@h", 1);
	setenv("MUSTER_BROKER_PAPER_KEY_ID", "hunter3", 1);
	setenv("MUSTER_BROKER_PAPER_KEY_SECRET", "hunter4", 1);
	outcome = RUN(&hooks, "-o", "window.length_s=7");
	unsetenv("MUSTER_REDIS_URL");
	unsetenv("MUSTER_BROKER_PAPER_KEY_ID");
	unsetenv("MUSTER_BROKER_PAPER_KEY_SECRET");
	assert_int_equal(outcome.exit_code, 0);
	return outcome;
}

static void secrets_leave_the_environment_and_nothing_is_dumped(void **state)
{
	struct outcome outcome = run_with_secrets(true);

	(void)state;
	assert_non_null(strstr(outcome.out, "url redis://:hunter2@h cores 0 0 dumpable 0\nkey hunter3:hunter4\n"));
	assert_non_null(strstr(outcome.out, "\nvariable PATH="));
	assert_null(strstr(strstr(outcome.out, "\nvariable"), "hunter"));
	assert_null(strstr(outcome.out, "\nvariable MUSTER_"));
	assert_string_equal(outcome.errors, "");
}

static void programs_that_call_no_broker_keep_no_keys(void **state)
{
	struct outcome outcome = run_with_secrets(false);

	(void)state;
	assert_non_null(strstr(outcome.out, "url redis://:hunter2@h"));
	assert_non_null(strstr(outcome.out, "\nkey :\n"));
}

static void files_with_secrets_that_are_open_are_warned_of(void **state)
{
	char path[] = "/tmp/muster-program-XXXXXX";
	int fd = mkstemp(path);
	struct outcome outcome;

	(void)state;
	assert_true(fd >= 0 && dprintf(fd, "[redis]\nurl = redis://:hunter2@h\n") > 0);
	assert_int_equal(fchmod(fd, 0640), 0);
	outcome = RUN(&plain, "-n", "-c", path);
	assert_string_equal(outcome.errors, "");
	assert_int_equal(fchmod(fd, 0644), 0);
	outcome = RUN(&plain, "-n", "-c", path);
	assert_int_equal(outcome.exit_code, 0);
	assert_string_equal(outcome.out, "configuration is good\n");
	assert_non_null(strstr(outcome.errors, "muster-test: warning: /tmp/muster-program-"));
	assert_non_null(strstr(outcome.errors, "(mode 0644); chmod 640 mends that\n"));
	outcome = RUN(&plain, "-c", path);
	assert_int_equal(outcome.exit_code, 0);
	assert_non_null(strstr(outcome.errors, "program=muster-test event=config_warning what=\"/tmp/muster-program-"));
	assert_int_equal(ftruncate(fd, 0), 0);
	outcome = RUN(&plain, "-n", "-c", path);
	assert_string_equal(outcome.errors, "");
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(version_and_help_exit_0),
	    cmocka_unit_test(wrong_command_lines_exit_2_and_start_nothing),
	    cmocka_unit_test(check_prints_every_problem),
	    cmocka_unit_test(wrong_configuration_starts_nothing),
	    cmocka_unit_test(good_run_starts_and_ends),
	    cmocka_unit_test(failed_start_is_logged_and_exits_1),
	    cmocka_unit_test(first_signal_drains_and_second_exits_at_once),
	    cmocka_unit_test(secrets_on_the_command_line_start_nothing),
	    cmocka_unit_test(secrets_that_cannot_be_used_start_nothing),
	    cmocka_unit_test(secrets_leave_the_environment_and_nothing_is_dumped),
	    cmocka_unit_test(programs_that_call_no_broker_keep_no_keys),
	    cmocka_unit_test(files_with_secrets_that_are_open_are_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

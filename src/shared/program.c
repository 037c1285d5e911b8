/* The frame of the three programs, so that they agree on the command line, on what is refused before anything is
 * started, on how they are stopped, and on the exit codes that service managers and scripts act upon. */
#include "shared/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/fault.h"
#include "shared/log.h"
#include "shared/log_queue.h"

#define SIGNALS	    3
#define EXIT_GOOD   0
#define EXIT_FAILED 1
#define EXIT_USAGE  2

struct program {
	const struct program_hooks *hooks;
	struct config config;
	struct calendars calendars;
	struct event_base *base;
	struct event *signals[SIGNALS]; /* SIGTERM, SIGINT, SIGHUP */
	void *app;
	int exit_code;
	bool draining;
	bool stopped;
};

/* The command line. The texts are the arguments themselves. */
struct command {
	const char *file;
	char **settings; /* of -o, in order; room for all arguments */
	int setting_count;
	bool check_only;
};

struct event_base *program_base(struct program *program)
{
	return program->base;
}

const struct config *program_config(const struct program *program)
{
	return &program->config;
}

const struct calendars *program_calendars(const struct program *program)
{
	return &program->calendars;
}

void program_set_app(struct program *program, void *app)
{
	program->app = app;
}

void *program_app(struct program *program)
{
	return program->app;
}

void program_stop(struct program *program, int exit_code)
{
	/* The first failure counts: a drain that ends well afterwards does not undo it. */
	if (program->exit_code == EXIT_GOOD)
		program->exit_code = exit_code;
	program->stopped = true;
	event_base_loopbreak(program->base);
}

/* SIGTERM or SIGINT, from the event loop. */
static void on_signal(evutil_socket_t number, short events, void *arg)
{
	struct program *program = arg;

	(void)events;
	if (program->draining) {
		log_event(LOG_WARN, "exit_at_once", "signal", log_int(number), NULL);
		_exit(EXIT_FAILED);
	}
	program->draining = true;
	log_event(LOG_INFO, "draining", "signal", log_int(number), NULL);
	program->hooks->drain(program);
}

/* SIGHUP, from the event loop. */
static void on_reload(evutil_socket_t number, short events, void *arg)
{
	struct program *program = arg;

	(void)number, (void)events;
	program->hooks->reload(program);
}

/* The text of -h. */
static void print_usage(const struct program_hooks *hooks, FILE *out)
{
	fprintf(out,
		"%s: %s\n\n"
		"usage: %s [-c FILE] [-o section.key=value]... [-n] [-h] [-V]\n\n"
		"  -c FILE               read the configuration from this INI file\n"
		"  -o section.key=value  set one option, over the file; any number of times\n"
		"  -n                    check the configuration, print what is wrong, exit 0 or 2\n"
		"  -h                    print this\n"
		"  -V                    print the version\n\n"
		"Options, their defaults and meaning:\n",
		hooks->name, hooks->purpose, hooks->name);
	config_print_options(out);
	fprintf(out,
		"\nThe broker `paper` is there without configuration: adapter alpaca at http://127.0.0.1:8701.\n\n"
		"Secrets, over all of them; each from the first place that has it:\n"
		"  MUSTER_REDIS_URL                 redis.url (with a password it is refused in -o)\n"
		"  MUSTER_BROKER_<NAME>_KEY_ID      the key to the broker of that name (in upper case) ...\n"
		"  MUSTER_BROKER_<NAME>_KEY_SECRET  ... and its secret (both are refused in -o)\n"
		"  the same with _FILE behind it    the absolute path of a file that holds it\n"
		"  $CREDENTIALS_DIRECTORY           systemd's, with redis.url, broker.NAME.key_id, "
		"broker.NAME.key_secret\n%s",
		hooks->usage ? hooks->usage : "");
}

/* Says what is wrong with the command line. Arguments are not repeated: one in the wrong place may be a secret. */
static int refuse_usage(const struct program_hooks *hooks, const char *what, int letter)
{
	bool visible = letter > ' ' && letter <= '~';
	char option[] = {' ', '-', visible ? (char)letter : '?', '\0'};

	fprintf(stderr, "%s: %s%s; try %s -h\n", hooks->name, what, letter != 0 ? option : "", hooks->name);
	return EXIT_USAGE;
}

/* Takes the command line apart. Returns an exit code where that is all there is to do, otherwise -1. */
static int read_command(int argc, char **argv, const struct program_hooks *hooks, struct command *command)
{
	int letter;

	opterr = 0;
	while ((letter = getopt(argc, argv, "+:c:o:nhV")) != -1) {
		switch (letter) {
		case 'c':
			if (command->file != NULL)
				return refuse_usage(hooks, "there can be only one", 'c');
			command->file = optarg;
			break;
		case 'o':
			command->settings[command->setting_count++] = optarg;
			break;
		case 'n':
			command->check_only = true;
			break;
		case 'h':
			print_usage(hooks, stdout);
			return EXIT_GOOD;
		case 'V':
			printf("%s %s\n", hooks->name, MUSTER_VERSION);
			return EXIT_GOOD;
		case ':':
			return refuse_usage(hooks, "a value is missing after", optopt);
		default:
			return refuse_usage(hooks, "unknown option", optopt);
		}
	}
	return optind < argc ? refuse_usage(hooks, "there is an argument that belongs to no option", 0) : -1;
}

/* Prints one problem of the configuration; `arg` is the program's name. */
static void print_problem(const struct err *problem, void *arg)
{
	fprintf(stderr, "%s: %s\n", (const char *)arg, problem->message);
}

/* Prints what could be better; `arg` is the program's name. */
static void print_warning(const struct err *warning, void *arg)
{
	fprintf(stderr, "%s: warning: %s\n", (const char *)arg, warning->message);
}

/* The same for a program that goes on. */
static void log_warning(const struct err *warning, void *arg)
{
	(void)arg;
	log_event(LOG_WARN, "config_warning", "what", warning->message, NULL);
}

/* Applies one -o. */
static size_t apply_setting(struct program *program, const char *setting)
{
	struct err err = {0};

	if (config_set(&program->config, setting, &err))
		return 0;
	err_context(&err, "-o");
	print_problem(&err, (void *)(uintptr_t)program->hooks->name);
	return 1;
}

/* Reads the configuration from all its places and prints every problem. What does not fit together is looked for only
 * where each value is good: otherwise most of it would follow from the first problem. */
static bool read_configuration(struct program *program, const struct command *command)
{
	config_problem_fn *warn = command->check_only ? print_warning : log_warning;
	void *name = (void *)(uintptr_t)program->hooks->name;
	size_t problems = 0;

	config_init(&program->config);
	if (command->file != NULL) {
		problems += config_tell_file(&program->config, command->file, print_problem, name);
		config_warn_file(&program->config, command->file, warn, name);
	}
	for (int i = 0; i < command->setting_count; i++)
		problems += apply_setting(program, command->settings[i]);
	problems += config_tell_secrets(&program->config, print_problem, warn, name);
	config_wipe_environment();
	if (problems == 0)
		problems += config_tell_check(&program->config, print_problem, name);
	if (problems == 0)
		problems += calendars_load(&program->calendars, &program->config, command->file, print_problem, name);
	if (!program->hooks->uses_keys)
		config_forget_keys(&program->config);
	return problems == 0;
}

void program_forbid_dumps(void)
{
	const struct rlimit none = {0, 0};
	struct rlimit limit;

	/* The first also holds where a core goes into a pipe, which no limit stops. Where a sandbox forbids to set the
	 * limit it may have set it itself. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    (setrlimit(RLIMIT_CORE, &none) != 0 && (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0)))
		log_event(LOG_WARN, "dumps_not_forbidden", "reason", strerror(errno), NULL);
}

/* Makes the event loop and turns the signals into events of it. */
static bool open_loop(struct program *program, struct err *err)
{
	static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
	struct event_config *config;

	/* A client or broker that closes its side is an error of one write, not the end of the program. */
	signal(SIGPIPE, SIG_IGN);
	/* Events that are turned off and on again within one turn of the loop then cost no system call: a sixth of the
	 * time of a small HTTP request. It asks that no descriptor is watched under two numbers; none here is. */
	config = event_config_new();
	if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) != 0)
		abort();
	program->base = event_base_new_with_config(config);
	event_config_free(config);
	if (program->base == NULL)
		return err_set(err, ERR_INTERNAL, "the event loop cannot be made");
	for (size_t i = 0; i < (program->hooks->reload ? SIGNALS : SIGNALS - 1); i++) {
		program->signals[i] =
		    evsignal_new(program->base, numbers[i], numbers[i] == SIGHUP ? on_reload : on_signal, program);
		if (program->signals[i] == NULL || event_add(program->signals[i], NULL) != 0)
			return err_set(err, ERR_INTERNAL, "signal %d cannot be watched", numbers[i]);
	}
	log_queue_start(program->base);
	return true;
}

/* Undoes open_loop, also where that got only half way. */
static void close_loop(struct program *program)
{
	log_queue_end();
	for (size_t i = 0; i < SIGNALS; i++) {
		if (program->signals[i] != NULL)
			event_free(program->signals[i]);
	}
	if (program->base != NULL)
		event_base_free(program->base);
	libevent_global_shutdown();
}

/* Starts, runs until program_stop, ends. */
static void run(struct program *program)
{
	struct err err = {0};

	if (!open_loop(program, &err) || !program->hooks->start(program, &err)) {
		log_event(LOG_ERROR, "start_failed", "code", err_word(err.code), "reason", err.message, NULL);
		program->exit_code = EXIT_FAILED;
	} else {
		if (!program->stopped && event_base_dispatch(program->base) < 0) {
			log_event(LOG_ERROR, "loop_failed", NULL);
			program->exit_code = EXIT_FAILED;
		}
		program->hooks->end(program);
	}
	close_loop(program);
}

int program_main(int argc, char **argv, const struct program_hooks *hooks)
{
	struct program *program = calloc(1, sizeof(*program));
	struct command command = {.settings = calloc((size_t)argc + 1, sizeof(char *))};
	int exit_code;

	if (program == NULL || command.settings == NULL)
		abort();
	log_open(hooks->name, LOG_INFO);
	program_forbid_dumps();
	program->hooks = hooks;
	exit_code = read_command(argc, argv, hooks, &command);
	if (exit_code < 0 && !read_configuration(program, &command))
		exit_code = EXIT_USAGE;
	if (exit_code < 0 && !FAULT_ARM(hooks->name))
		exit_code = EXIT_USAGE;
	if (exit_code < 0 && command.check_only) {
		puts("configuration is good");
		exit_code = EXIT_GOOD;
	}
	if (exit_code < 0) {
		run(program);
		exit_code = program->exit_code;
	}
	free(command.settings);
	calendars_free(&program->calendars);
	explicit_bzero(&program->config, sizeof(program->config));
	free(program);
	return exit_code;
}

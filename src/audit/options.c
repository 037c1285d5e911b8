/* See options.h. An auditor has no event loop, so that program.h is not for it; the options that both have mean the
 * same. */
#include "audit/options.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/program.h"

#define NAME "muster-audit"

/* What is kept of the command line until the configuration is whole. */
struct command {
	const char *file;
	char **settings;
	const char *brokers[CONFIG_BROKERS_MAX];
	int setting_count, broker_count;
	bool check_only;
};

static const struct option long_options[] = {
    {"ledger", required_argument, NULL, 'l'},
    {"broker", required_argument, NULL, 'b'},
    {"accepted", required_argument, NULL, 'a'},
    {"quiet-expected", no_argument, NULL, 'q'},
    {NULL, 0, NULL, 0},
};

/* The text of -h. */
static void print_usage(void)
{
	puts(
	    NAME
	    ": holds what clients were told, what Redis has and what the brokers' ledgers show against each other\n\n"
	    "usage: " NAME " [-c FILE] [-o section.key=value]... --ledger FILE | --broker NAME ... [--accepted FILE]\n"
	    "                    [--quiet-expected] [-n] [-h] [-V]\n\n"
	    "  -c FILE               read the configuration from this INI file: the one of the other programs\n"
	    "  -o section.key=value  set one option, over the file; any number of times\n"
	    "  --ledger FILE         the paper broker's ledger: the orders of all brokers that --broker does not name\n"
	    "  --broker NAME         read the orders of this broker from its own API; any number of times\n"
	    "  --accepted FILE       JSON lines, each a 202 or 200 body as a client got it; beside it may stand\n"
	    "                        \"idempotency_key\" and \"who\" sent it\n"
	    "  --quiet-expected      everything should have ended: what has not is a violation (I11)\n"
	    "  -n                    check the configuration, print what is wrong, exit 0 or 2\n"
	    "  -h                    print this\n"
	    "  -V                    print the version\n\n"
	    "Nothing is ever written, neither to Redis nor to a broker. Each violation is one line that begins with "
	    "the\n"
	    "invariant it breaks:\n"
	    "  I1   no loss: an accepted request is stored, with the same content\n"
	    "  I2   one acceptance: one idempotency key names one request for ever\n"
	    "  I3   partition: each order is in one block's statement, each block in one window\n"
	    "  I4   block = sum: of its statement, of its slices, and what the broker has\n"
	    "  I5   at most once: each slice is at the broker once, every order of ours there belongs to a slice\n"
	    "  I6   exact: shares, money and fees add up to the fills; nobody gets more than they asked for\n"
	    "  I7   pure: computing the allocation again gives the same\n"
	    "  I8   posted once: each share is in the transactions once\n"
	    "  I9   states, indexes, counts and times to live agree\n"
	    "  I10  unknown is not failed: nothing is called failed that the broker holds or has filled\n"
	    "  I11  alive: with --quiet-expected, everything has ended or waits for a person\n"
	    "  I12  bounded harm: nothing left for a broker a second after it was halted, before the resume, nor while\n"
	    "       its market was closed\n\n"
	    "On a live system things move while they are read. What has not ended is shown as in flight, and what is "
	    "wrong\n"
	    "is read a second time: only what is wrong twice in the same way is a violation. What ended longer ago "
	    "than\n"
	    "orders.retention_s may have expired: that it is gone is no violation.\n\n"
	    "Exit codes: 0 no violation, 1 violations, 2 wrong command line or configuration, 3 something could not "
	    "be\n"
	    "read.\n\n"
	    "Options, their defaults and meaning:");
	config_print_options(stdout);
	puts("\nSecrets, over all of them: MUSTER_REDIS_URL, MUSTER_BROKER_<NAME>_KEY_ID and _KEY_SECRET, or the same "
	     "with\n_FILE behind it, or systemd's credentials, as for the other programs.");
}

/* Says what is wrong with the command line. Arguments are not repeated: one in the wrong place may be a secret. */
static int refuse(const char *what)
{
	(void)fprintf(stderr, NAME ": %s; try " NAME " -h\n", what);
	return AUDIT_EXIT_USAGE;
}

/* One option; -1 to go on. */
static int take_option(int letter, struct command *command, struct audit_options *options)
{
	switch (letter) {
	case 'c':
		command->file = optarg;
		return -1;
	case 'o':
		command->settings[command->setting_count++] = optarg;
		return -1;
	case 'l':
		options->ledger_path = optarg;
		return -1;
	case 'a':
		options->accepted_path = optarg;
		return -1;
	case 'b':
		if (command->broker_count == CONFIG_BROKERS_MAX)
			return refuse("there are too many --broker");
		command->brokers[command->broker_count++] = optarg;
		return -1;
	case 'q':
		options->quiet_expected = true;
		return -1;
	case 'n':
		command->check_only = true;
		return -1;
	case 'h':
		print_usage();
		return AUDIT_EXIT_GOOD;
	case 'V':
		puts(NAME " " MUSTER_VERSION);
		return AUDIT_EXIT_GOOD;
	case ':':
		return refuse("a value is missing after an option");
	default:
		return refuse("there is an unknown option");
	}
}

/* Takes the command line apart. */
static int read_command(int argc, char **argv, struct command *command, struct audit_options *options)
{
	int letter, code;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "+:c:o:nhV", long_options, NULL)) != -1)
		if ((code = take_option(letter, command, options)) >= 0)
			return code;
	if (optind < argc)
		return refuse("there is an argument that belongs to no option");
	if (!options->ledger_path && command->broker_count == 0 && !command->check_only)
		return refuse("a broker's side is needed: --ledger FILE or --broker NAME");
	return -1;
}

/* Prints one problem of the configuration. */
static void print_problem(const struct err *problem, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, NAME ": %s\n", problem->message);
}

/* Prints what could be better. */
static void print_warning(const struct err *warning, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, NAME ": warning: %s\n", warning->message);
}

/* Applies one -o. */
static size_t apply_setting(struct config *config, const char *setting)
{
	struct err err = {0};

	if (config_set(config, setting, &err))
		return 0;
	(void)err_context(&err, "-o");
	print_problem(&err, NULL);
	return 1;
}

/* Reads the configuration from all its places and prints every problem. */
static bool read_configuration(const struct command *command, struct config *config)
{
	size_t problems = 0;

	config_init(config);
	if (command->file) {
		problems += config_tell_file(config, command->file, print_problem, NULL);
		config_warn_file(config, command->file, print_warning, NULL);
	}
	for (int i = 0; i < command->setting_count; i++)
		problems += apply_setting(config, command->settings[i]);
	problems += config_tell_secrets(config, print_problem, print_warning, NULL);
	config_wipe_environment();
	if (problems == 0)
		problems += config_tell_check(config, print_problem, NULL);
	return problems == 0;
}

/* The brokers whose APIs are to be read: each must be one of those that are configured, and named once. */
static bool find_brokers(const struct command *command, struct audit_options *options)
{
	for (int i = 0; i < command->broker_count; i++) {
		const struct config_broker *broker = config_broker(&options->config, command->brokers[i]);

		for (int j = 0; broker && j < options->broker_count; j++)
			if (options->brokers[j] == broker)
				return refuse("a --broker is named twice") < 0;
		if (!broker || broker->adapter != ADAPTER_ALPACA)
			return refuse("--broker names no configured broker with adapter alpaca") < 0;
		options->brokers[options->broker_count++] = broker;
	}
	return true;
}

int audit_options_read(int argc, char **argv, struct audit_options *options)
{
	struct command command = {.settings = calloc((size_t)argc + 1, sizeof(char *))};
	int code;

	if (!command.settings)
		abort();
	program_forbid_dumps();
	*options = (struct audit_options){0};
	code = read_command(argc, argv, &command, options);
	if (code < 0 && (!read_configuration(&command, &options->config) || !find_brokers(&command, options)))
		code = AUDIT_EXIT_USAGE;
	if (code < 0 && command.check_only) {
		puts("configuration is good");
		code = AUDIT_EXIT_GOOD;
	}
	free(command.settings);
	return code;
}

/* The command line of muster-audit: the options that all programs have, and its own. */
#ifndef MUSTER_AUDIT_OPTIONS_H
#define MUSTER_AUDIT_OPTIONS_H

#include <stdbool.h>

#include "shared/config.h"

enum audit_exit { AUDIT_EXIT_GOOD = 0, AUDIT_EXIT_VIOLATIONS = 1, AUDIT_EXIT_USAGE = 2, AUDIT_EXIT_UNREADABLE = 3 };

struct audit_options {
	struct config config;
	const char *ledger_path;   /* or NULL */
	const char *accepted_path; /* or NULL */
	const struct config_broker *brokers[CONFIG_BROKERS_MAX];
	int broker_count;
	bool quiet_expected;
};

/* Reads the command line and the configuration, and says on standard error what is wrong with them. Returns an exit
 * code where that is all there is to do, otherwise -1. Secrets are taken out of the
 * environment. */
int audit_options_read(int argc, char **argv, struct audit_options *options);

#endif

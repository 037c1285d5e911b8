/* The calendars that the configuration names, each loaded once, and which one a broker has. */
#ifndef MUSTER_CALENDARS_H
#define MUSTER_CALENDARS_H

#include <stddef.h>

#include "shared/calendar.h"
#include "shared/config.h"

struct calendars {
	struct calendar *list[CONFIG_BROKERS_MAX + 1];
	size_t count;
	const struct calendar *of_broker[CONFIG_BROKERS_MAX]; /* as config->brokers; NULL: it has none, always open */
	const struct calendar *of_paper;		      /* paper.calendar; NULL: none */
};

/* `config_file`: where the configuration was read from, or NULL: without calendars.dir the folder is `calendars` beside
 * it, or else conf/calendars. Every calendar that cannot be loaded is told; returns how many. To be freed in any case.
 */
size_t calendars_load(struct calendars *calendars, const struct config *config, const char *config_file,
		      config_problem_fn *tell, void *arg);
void calendars_free(struct calendars *calendars);

/* By the broker's name; NULL where it is always open, or there is no such broker. */
const struct calendar *calendars_of(const struct calendars *calendars, const struct config *config,
				    const char *broker_type);

#endif

#include "shared/calendars.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FOLDER_USUAL "conf/calendars"

/* A load under way. */
struct loading {
	struct calendars *calendars;
	char folder[CONFIG_TEXT_SIZE * 2];
	const char *names[CONFIG_BROKERS_MAX + 1]; /* as the configuration has them, one for each in the list */
	config_problem_fn *tell;
	void *arg;
	size_t problems;
};

/* Where calendars are that are given by name. */
static void choose_folder(const struct config *config, const char *config_file, char *folder, size_t size)
{
	const char *slash = config_file ? strrchr(config_file, '/') : NULL;
	int length = slash ? (int)(slash - config_file + 1) : 0;
	struct stat status;

	(void)snprintf(folder, size, "%s", config->calendars.dir);
	if (folder[0])
		return;
	(void)snprintf(folder, size, "%.*scalendars", length, config_file ? config_file : "");
	if (!config_file || stat(folder, &status) != 0 || !S_ISDIR(status.st_mode))
		(void)snprintf(folder, size, "%s", FOLDER_USUAL);
}

/* Tells that `who` has no calendar; always NULL. */
static const struct calendar *tell_problem(struct loading *loading, const char *who, struct err *err)
{
	err_context(err, "%s.calendar", who);
	loading->tell(err, loading->arg);
	loading->problems++;
	return NULL;
}

/* The calendar of this name or path, loaded where it is new. NULL where there is none, which was told. */
static const struct calendar *load_one(struct loading *loading, const char *who, const char *name)
{
	struct calendars *calendars = loading->calendars;
	struct calendar *calendar;
	struct err err = {0};

	for (size_t i = 0; i < calendars->count; i++)
		if (strcmp(loading->names[i], name) == 0)
			return calendars->list[i];
	calendar = calendar_load(loading->folder, name, &err);
	if (!calendar)
		return tell_problem(loading, who, &err);
	for (size_t i = 0; i < calendars->count; i++) {
		/* Windows are kept apart by the calendar's name, in small letters. */
		if (strcasecmp(calendars->list[i]->name, calendar->name) != 0)
			continue;
		(void)err_set(&err, ERR_CONFIG, "another calendar is named %s too (%.150s)", calendar->name,
			      loading->names[i]);
		calendar_free(calendar);
		return tell_problem(loading, who, &err);
	}
	loading->names[calendars->count] = name;
	calendars->list[calendars->count++] = calendar;
	return calendar;
}

size_t calendars_load(struct calendars *calendars, const struct config *config, const char *config_file,
		      config_problem_fn *tell, void *arg)
{
	struct loading loading = {.calendars = calendars, .tell = tell, .arg = arg};

	*calendars = (struct calendars){0};
	choose_folder(config, config_file, loading.folder, sizeof loading.folder);
	for (size_t i = 0; i < config->broker_count; i++) {
		char who[CONFIG_NAME_SIZE + 8];

		(void)snprintf(who, sizeof who, "broker.%s", config->brokers[i].name);
		if (config->brokers[i].calendar[0])
			calendars->of_broker[i] = load_one(&loading, who, config->brokers[i].calendar);
	}
	if (config->paper.calendar[0])
		calendars->of_paper = load_one(&loading, "paper", config->paper.calendar);
	return loading.problems;
}

void calendars_free(struct calendars *calendars)
{
	for (size_t i = 0; i < calendars->count; i++)
		calendar_free(calendars->list[i]);
	*calendars = (struct calendars){0};
}

const struct calendar *calendars_of(const struct calendars *calendars, const struct config *config,
				    const char *broker_type)
{
	const struct config_broker *broker = config_broker(config, broker_type);
	const struct calendar *calendar = broker ? calendars->of_broker[broker - config->brokers] : NULL;

	return calendar && !calendar->is_always_open ? calendar : NULL;
}

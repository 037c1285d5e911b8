/* See audit_plant.h. */
#include "tests/support/audit_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define INVARIANTS 12

/* Which invariants the output tells, each once, in the order of their numbers. */
static void list_invariants(const char *output, char *list, size_t size)
{
	list[0] = '\0';
	for (int i = 1; i <= INVARIANTS; i++) {
		char head[24], first[24];
		size_t length = strlen(list);

		(void)snprintf(head, sizeof head, "\nI%d ", i);
		(void)snprintf(first, sizeof first, "I%d ", i);
		if (strstr(output, head) || strncmp(output, first, strlen(first)) == 0)
			(void)snprintf(list + length, size - length, "%sI%d", length ? " " : "", i);
	}
}

/* Plants one and holds the auditor's words against what must be said. */
static void check_plant(struct audit_scene *scene, const struct audit_plant *plant)
{
	char told[64];
	int code;

	audit_scene_restore(scene);
	if (plant->redis)
		audit_scene_redis(scene, plant->redis);
	if (plant->ledger)
		audit_scene_edit_ledger(scene, plant->ledger);
	if (plant->accepted)
		audit_scene_edit_accepted(scene, plant->accepted);
	code = audit_scene_run(scene, NULL);
	list_invariants(audit_scene_output(scene), told, sizeof told);
	if (code != 1 || strcmp(told, plant->only) != 0)
		fail_msg("%s: exit code %d, told [%s] and not [%s]\n%s", plant->name, code, told, plant->only,
			 audit_scene_output(scene));
	for (size_t i = 0; i < sizeof plant->lines / sizeof plant->lines[0] && plant->lines[i]; i++)
		if (!strstr(audit_scene_output(scene), audit_scene_expand(scene, plant->lines[i])))
			fail_msg("%s: nothing says \"%s\"\n%s", plant->name, audit_scene_expand(scene, plant->lines[i]),
				 audit_scene_output(scene));
}

void audit_plants_check(struct audit_scene *scene, const struct audit_plant *plants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_plant(scene, &plants[i]);
}

int audit_plants_setup(void **state)
{
	*state = audit_scene_new();
	return 0;
}

int audit_plants_teardown(void **state)
{
	audit_scene_free(*state);
	return 0;
}

/* What audit_scene.c and audit_scene_edit.c share. Nobody else includes this. */
#ifndef MUSTER_TEST_AUDIT_SCENE_PRIVATE_H
#define MUSTER_TEST_AUDIT_SCENE_PRIVATE_H

#include "tests/support/audit_scene.h"

struct audit_scene {
	struct stack *stack;
	json_t *names; /* to texts */
	const char *accepted_path;
	char *first_ledger, *first_accepted; /* the files as they were */
	redisReply *keys, **values;	     /* Redis as it was: KEYS, and DUMP of each */
	long long *ttls;
	char *output;
};

/* A whole file, to be freed. */
char *scene_read_file(const char *path);

/* Keeps what Redis holds, and lets go of it. */
void scene_save(struct audit_scene *scene);
void scene_drop_saved(struct audit_scene *scene);

#endif

/* One falsehood in a scene, and what the auditor must say of it. */
#ifndef MUSTER_TEST_AUDIT_PLANT_H
#define MUSTER_TEST_AUDIT_PLANT_H

#include <stddef.h>

#include "tests/support/audit_scene.h"

struct audit_plant {
	const char *name;
	const char *redis, *ledger, *accepted; /* what is done to each, as in audit_scene.h; NULL: nothing */
	const char *only;     /* the invariants that it breaks ("I4", "I3 I8"); no others may be told */
	const char *lines[4]; /* what must be said, with names as in audit_scene.h */
};

/* Plants each by itself into the scene as it was at first, and fails the test where the auditor says anything else. */
void audit_plants_check(struct audit_scene *scene, const struct audit_plant *plants, size_t count);

#endif

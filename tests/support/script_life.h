/* One life of orders through every script that writes: what the keyspace is documented and spoiled by. */
#ifndef MUSTER_TEST_SCRIPT_LIFE_H
#define MUSTER_TEST_SCRIPT_LIFE_H

#include <stddef.h>

#include "tests/support/script_case.h"

struct script_life_step {
	enum script_id script;
	const char *args; /* of keyspace_call */
};

extern const struct script_life_step script_life[];
extern const size_t script_life_length;

#endif

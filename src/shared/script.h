/* The Lua scripts, compiled into the programs from lua/ (with what they share joined in, see lua/README.md). */
#ifndef MUSTER_SCRIPT_H
#define MUSTER_SCRIPT_H

#include <stddef.h>

#include "script_list.h" /* generated: SCRIPT_LIST(X), one X(CONSTANT, name) for each lua/NAME.lua */

#define X(constant, name) SCRIPT_##constant,
enum script_id { SCRIPT_LIST(X) SCRIPT_COUNT };
#undef X

struct script {
	const char *name; /* "enqueue" */
	const char *text;
	size_t length;
	char sha1[41]; /* hex, lower case; what EVALSHA wants */
};

const struct script *script_get(enum script_id id);

#endif

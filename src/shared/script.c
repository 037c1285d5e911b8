/* The table of scripts is generated; what is here keeps its raw array out of everybody else's sight. */
#include "shared/script.h"

#include <assert.h>

#include "shared/script_data.h"

const struct script *script_get(enum script_id id)
{
	assert((unsigned)id < SCRIPT_COUNT);
	return &script_data[id];
}

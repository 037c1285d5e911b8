/* What lua/lib/embed writes: one row a script, in the order of SCRIPT_LIST. Only script.c needs it. */
#ifndef MUSTER_SCRIPT_DATA_H
#define MUSTER_SCRIPT_DATA_H

#include "shared/script.h"

extern const struct script script_data[];

#endif

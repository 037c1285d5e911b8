/* Caps that are checked where orders are stored, because all API processes share them: orders a minute of one user, and
 * the day's money at a broker. What the scripts need for it travels as one more argument (lua/lib/admit.lua). */
#ifndef MUSTER_API_ADMISSION_H
#define MUSTER_API_ADMISSION_H

#include "api/sizing.h"
#include "shared/config.h"
#include "shared/redis_link.h"

struct admission; /* the argument of one call, while it is put together */

/* NULL where no such cap is on; the functions below then do nothing. */
struct admission *admission_new(const struct config *config);

/* The next order of the call. */
void admission_add(struct admission *admission, const struct sized_order *order);

/* Adds the argument, as the last one, and frees. */
void admission_end(struct admission *take_admission, struct script_args *args);

#endif

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
#define CHECK_PLANTS(state, plants) audit_plants_check(*(state), plants, sizeof(plants) / sizeof(plants)[0])

/* Lines of a broker's ledger: an order that is taken beside those of the scene, and its end. */
/* clang-format off */
#define BROKER_ORDER(id, symbol)                                                                                       \
	"+{'event':'order','at':'2099-01-01T00:00:00Z','outcome':'accepted','status_code':200,'message':null,"         \
	"'id':'other','client_order_id':'" id "','symbol':'" symbol "','side':'buy','qty':'4','notional':null,"        \
	"'type':'market','time_in_force':'day','limit_price':null,'commission':null}\n"
#define BROKER_CANCEL(id, symbol)                                                                                      \
	"+{'event':'canceled','at':'2099-01-01T00:00:00Z','order_id':'other','client_order_id':'" id                   \
	"','symbol':'" symbol "','side':'buy','filled_qty':'0'}"
/* clang-format on */

/* cmocka fixtures of a group: *state is the scene. */
int audit_plants_setup(void **state);
int audit_plants_teardown(void **state);

#endif

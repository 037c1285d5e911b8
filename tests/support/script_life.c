/* See script_life.h. */
#include "tests/support/script_life.h"

#define BULK_OF(queue_id, total, quantity)                                                                             \
	queue_id "|d1|" total "|1|0|<abandon>|<retention>|erin|''|erin|sc1|GE buy paper 1 market|" quantity "|"

/* One life: a sell <b1> and a buy <b2> of AAPL, of which the buy waits, is looked at by a person, and is filled beyond
 * what was ordered; a bulk call <b3> with a rejected order; a bulk call that was abandoned <b4>; a canceled order. */
const struct script_life_step script_life[] = {
    {SCRIPT_OPEN, "test"},
    {SCRIPT_STOCKS, "AAPL|{\"price\":\"190\"}"},
    {SCRIPT_ENQUEUE,
     ENQUEUE_LANES "2" ENQUEUE_OF("q1", "alice", "AAPL sell paper 1 market", "100") ENQUEUE_ONE("q2", "bob", "50")},
    {SCRIPT_ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q3", "carol", "75") "|caps 0 paper=9000000\npaper 1425000"},
    {SCRIPT_CANCEL, "q3|<retention>|''"},
    {SCRIPT_PROCESS, "''"},
    {SCRIPT_SEAL, "100|<retention>"},
    {SCRIPT_CLAIM, CLAIM_AS("11")},
    {SCRIPT_RENEW, "<lease>|<b1>|1|<b2>|1"},
    {SCRIPT_PLAN, "<b2>|1|<lease>|50|1"},
    {SCRIPT_GATE, "<b2>|1|<lease>|<wait>|60|muster-test-<b2>-1"},
    {SCRIPT_PLAN, "<b1>|1|<lease>|60|1|40|1"},
    {SCRIPT_REPLAN, "<b1>|1|<lease>|muster-test-<b1>-2|40|1|40|muster-test-<b1>-1|80|1||''|20|1|''"},
    {SCRIPT_GATE, "<b1>|1|<lease>|<wait>|60 60000 60000 0 0 0 1000000|muster-test-<b1>-1|muster-test-<b1>-3"},
    {SCRIPT_RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|1|status|filled"},
    {SCRIPT_FILLS, "<b1>|1|F1|muster-test-<b1>-1 100 190 1700000000000"},
    {SCRIPT_CLOSE, "<b1>|1|<lease>|100|190|19000|0|filled||0.01"},
    {SCRIPT_ALLOCATE, "<b1>|1|<lease>|0|<retention>|q1-0|filled|100|19000|0"},
    {SCRIPT_FINISH, "<b1>|1|<retention>|0|0|0"},
    {SCRIPT_CLAIM, CLAIM_AS("12")},
    {SCRIPT_RELEASE, "0|<b2>|2"},
    {SCRIPT_CLAIM, CLAIM_AS("12")},
    {SCRIPT_REVIEW, "<b2>|3|looks odd|nothing"},
    {SCRIPT_RESOLVE, "<b2>|retry|fine"},
    {SCRIPT_CLAIM, "h1:12|0|10|h1|12|0|<then>|3"},
    {SCRIPT_CLAIM, CLAIM_AS("13")},
    {SCRIPT_STOP, "<b2>|no more"},
    {SCRIPT_CLAIM, CLAIM_AS("13")},
    {SCRIPT_GATE, "<b2>|8|<lease>|<wait>|60|muster-test-<b2>-1"},
    {SCRIPT_CLOSE, "<b2>|8|<lease>|51|190|9690|0|filled||0.01"},
    {SCRIPT_ALLOCATE, "<b2>|8|<lease>|0|<retention>|q2-0|filled|50|9500|0"},
    {SCRIPT_FINISH, "<b2>|8|<retention>|1|190|0"},
    {SCRIPT_BULK, BULK_OF("bq", "2", "5") "|frank|sc1|XYZ buy paper 1 market|0|unknown_symbol"},
    {SCRIPT_SEAL, "100|<retention>"},
    {SCRIPT_CLAIM, "h1:14|0|10|h1|14|0|<then>|1"},
    {SCRIPT_CLAIM, "h1:15|0|10|h1|15|0|<then>|1"},
    {SCRIPT_SWEEP, "0|100"},
    {SCRIPT_RATE, "paper|200|60000|7000|200|150|30000|1|1|a|b"},
    {SCRIPT_ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q9", "gina", "7")},
    {SCRIPT_PROCESS, "''"},
    {SCRIPT_SEAL, "100|<retention>"},
    {SCRIPT_CLAIM, CLAIM_AS("16")},
    {SCRIPT_PLAN, "<b4>|1|<lease>|7|1"},
    {SCRIPT_HALT, "all|operator|ann|a drill"},
    {SCRIPT_GATE, "<b4>|1|<lease>|<wait>|0|muster-test-<b4>-1"},
    {SCRIPT_RESUME, "all|ann|over|''"},
    {SCRIPT_CLAIM, CLAIM_AS("16")},
    {SCRIPT_RATE, "paper|1|60000|7000|''|''|''|1|0|c"},
    {SCRIPT_GATE, "<b4>|2|<lease>|<wait>|1|muster-test-<b4>-1"},
    {SCRIPT_GENERATION, "h1:11|other|0|0|0||''|''"},
    {SCRIPT_STRANGERS, "h1:11|paper|muster-other-1-1|muster-other-1-1|<now>"},
};

const size_t script_life_length = sizeof script_life / sizeof script_life[0];

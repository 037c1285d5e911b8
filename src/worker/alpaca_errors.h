/* What a reply of Alpaca means that is not the thing asked for: one table, from the status, the code and the words.
 *
 * https://docs.alpaca.markets/reference/postorder; anything that is not in the table proves nothing (BROKER_AMBIGUOUS).
 */
#ifndef MUSTER_ALPACA_ERRORS_H
#define MUSTER_ALPACA_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/broker.h"
#include "worker/http_client.h"

/* Bits, so that a row can hold for several. */
enum alpaca_op { ALPACA_SUBMIT = 1, ALPACA_LOOK_UP = 2, ALPACA_FOLLOW = 4, ALPACA_CANCEL = 8, ALPACA_LIST = 16 };

#define ALPACA_CREDENTIALS_RETRY_MS 30000

/* Fills `result` with outcome, why and retry_after_ms for a reply that is not the success of `op`. True where the
 * broker refuses our credentials. `why` is printable ASCII, whatever the broker sent. */
bool alpaca_judge(enum alpaca_op op, const struct http_client_reply *reply, struct broker_result *result);

/* How long a reply asks us to wait, from X-RateLimit-Reset (epoch seconds) and Retry-After (seconds or a date), 100 ms
 * to 60 s; 1 s where it says nothing. `date` is the reply's own Date: a host with a wrong clock waits right all the
 * same. Each text may be NULL. */
int64_t alpaca_retry_after_ms(const char *reset, const char *retry_after, const char *date, int64_t wall_ms);
int64_t alpaca_reply_retry_after_ms(const struct http_client_reply *reply);

#endif

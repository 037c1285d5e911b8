/* The table of options: all that the programs, their -h, conf/muster.conf and the README know about options is here, so
 * that adding one is adding a row. */
#include "shared/config_option.h"

#include <string.h>

#include "shared/decimal.h"

#define AT(member)	  offsetof(struct config, member), sizeof(((struct config *)0)->member)
#define AT_BROKER(member) offsetof(struct config_broker, member), sizeof(((struct config_broker *)0)->member)
#define NO_BOUNDS	  0, 0, NULL
#define UNITS_MAX	  INT64_C(9223372036000000000) /* the greatest whole number of units that fits */

static const char *const durabilities[] = {
    [DURABILITY_STRICT] = "strict", [DURABILITY_RELAXED] = "relaxed", [DURABILITY_RELAXED + 1] = NULL};
static const char *const request_logs[] = {[LOG_REQUESTS_OFF] = "off",
					   [LOG_REQUESTS_CHANGES] = "changes",
					   [LOG_REQUESTS_ALL] = "all",
					   [LOG_REQUESTS_ALL + 1] = NULL};
static const char *const switches[] = {[SWITCH_OFF] = "off", [SWITCH_ON] = "on", [SWITCH_ON + 1] = NULL};
static const char *const adapters[] = {
    [ADAPTER_NONE] = "", [ADAPTER_ALPACA] = "alpaca", [ADAPTER_KITE] = "kite", [ADAPTER_KITE + 1] = NULL};

static const struct config_option options[] = {
    {"redis.url", CONFIG_REDIS_URL, NO_BOUNDS, "redis://127.0.0.1:6379/0",
     "where Redis is; also unix:///path?db=0, user and password in the URL", AT(redis.url)},
    {"redis.prefix", CONFIG_PREFIX, NO_BOUNDS, "muster", "first word of every key", AT(redis.prefix)},
    {"redis.durability", CONFIG_CHOICE, 0, 0, durabilities, "strict",
     "whether a Redis that may lose orders is refused or only warned of", AT(redis.durability)},
    {"redis.min_replicas", CONFIG_INTEGER, 0, 16, NULL, "0",
     "replicas that must hold an order before it is acknowledged", AT(redis.min_replicas)},
    {"redis.timeout_ms", CONFIG_INTEGER, 100, 60000, NULL, "3000",
     "how long a reply may take before its outcome counts as unknown", AT(redis.timeout_ms)},

    {"api.listen", CONFIG_ADDRESS, NO_BOUNDS, "127.0.0.1:8700",
     "where the API listens; other than loopback needs api.tokens_file", AT(api.listen)},
    {"api.max_body_bytes", CONFIG_INTEGER, 1024, 268435456, NULL, "8388608", "a larger body gets 413",
     AT(api.max_body_bytes)},
    {"api.max_uri_bytes", CONFIG_INTEGER, 256, 65536, NULL, "8192", "a longer request line gets 414",
     AT(api.max_uri_bytes)},
    {"api.max_header_bytes", CONFIG_INTEGER, 1024, 262144, NULL, "16384", "larger headers get 431",
     AT(api.max_header_bytes)},
    {"api.max_bodies_bytes", CONFIG_INTEGER, 1048576, INT64_C(68719476736), NULL, "268435456",
     "all large bodies that are in hand at once; one more gets 503", AT(api.max_bodies_bytes)},
    {"api.max_connections", CONFIG_INTEGER, 16, 1000000, NULL, "4096", "one more gets 503 and is closed",
     AT(api.max_connections)},
    {"api.max_connections_per_address", CONFIG_INTEGER, 0, 1000000, NULL, "1024",
     "likewise, of one address (IPv6: of one /64); 0: no limit", AT(api.max_connections_per_address)},
    {"api.max_requests_per_s", CONFIG_INTEGER, 0, 1000000, NULL, "50000",
     "of one token, or of one address without one; more get 429; 0: no limit", AT(api.max_requests_per_s)},
    {"api.request_timeout_s", CONFIG_INTEGER, 1, 3600, NULL, "30", "a request must have come wholly within this",
     AT(api.request_timeout_s)},
    {"api.idle_timeout_s", CONFIG_INTEGER, 1, 3600, NULL, "75", "an idle connection is closed after this",
     AT(api.idle_timeout_s)},
    {"api.answer_timeout_s", CONFIG_INTEGER, 1, 3600, NULL, "120", "an answer must have been taken within this",
     AT(api.answer_timeout_s)},
    {"api.default_user", CONFIG_USER, NO_BOUNDS, "demo", "the user of a request that names none", AT(api.default_user)},
    {"api.default_broker", CONFIG_BROKER_NAME, NO_BOUNDS, "paper", "the broker of a stock that names none",
     AT(api.default_broker)},
    {"api.tokens_file", CONFIG_PATH, NO_BOUNDS, "", "who may do what: lines of sha256-of-token role [user]",
     AT(api.tokens_file)},
    {"api.tls_cert", CONFIG_PATH, NO_BOUNDS, "", "PEM file of the certificate and its chain: HTTPS instead of HTTP",
     AT(api.tls_cert)},
    {"api.tls_key", CONFIG_PATH, NO_BOUNDS, "", "PEM file of its key", AT(api.tls_key)},
    {"api.log_requests", CONFIG_CHOICE, 0, 0, request_logs, "changes",
     "which requests have a line in the log: none, those that may change something, or all", AT(api.log_requests)},

    {"window.length_s", CONFIG_INTEGER, 1, 86400, NULL, "300",
     "windows fall due at multiples of this since 1970-01-01T00:00:00Z", AT(window.length_s)},
    {"window.max_ahead_s", CONFIG_INTEGER, 1, 31536000, NULL, "604800", "the farthest execution_window accepted",
     AT(window.max_ahead_s)},

    {"lanes.coalesce_ms", CONFIG_INTEGER, 1, 60000, NULL, "250",
     "immediate orders that arrive within this share one window", AT(lanes.coalesce_ms)},
    {"lanes.large_notional", CONFIG_DECIMAL, 1, UNITS_MAX, NULL, "200000",
     "an order of this much money or more is large", AT(lanes.large_notional_nano)},
    {"lanes.large_quantity", CONFIG_DECIMAL, 1, UNITS_MAX, NULL, "10000",
     "an order of this many shares or more is large", AT(lanes.large_quantity_nano)},
    {"lanes.large_adv_pct", CONFIG_DECIMAL, 1, INT64_C(1000000) * NANO, NULL, "1",
     "an order of this much of the stock's average daily volume or more is large, in percent",
     AT(lanes.large_adv_pct_nano)},
    {"lanes.large_horizon_s", CONFIG_DECIMAL, NANO / 10, INT64_C(86400) * NANO, NULL, "1800",
     "a large order is spread over this long", AT(lanes.large_horizon_s_nano)},
    {"lanes.large_interval_s", CONFIG_DECIMAL, NANO / 10, INT64_C(86400) * NANO, NULL, "60",
     "in one slice each this long, a fifth less or more", AT(lanes.large_interval_s_nano)},
    {"lanes.turn_s", CONFIG_DECIMAL, NANO / 10, INT64_C(86400) * NANO, NULL, "60",
     "what rests at the broker gives way to a waiting opposite side after this long", AT(lanes.turn_s_nano)},
    {"lanes.open_delay_s", CONFIG_INTEGER, 0, 3600, NULL, "60",
     "the first window of a session falls due this long after the open, or later", AT(lanes.open_delay_s)},
    {"lanes.rush_before_close_s", CONFIG_INTEGER, 1, 14400, NULL, "900",
     "this long before the close windows become short", AT(lanes.rush_before_close_s)},
    {"lanes.rush_length_s", CONFIG_INTEGER, 1, 3600, NULL, "30", "then one falls due so often",
     AT(lanes.rush_length_s)},
    {"lanes.last_before_close_s", CONFIG_INTEGER, 5, 3600, NULL, "120",
     "the last one so long before the close; later orders go to the next session", AT(lanes.last_before_close_s)},

    {"calendars.dir", CONFIG_PATH, NO_BOUNDS, "",
     "where calendars are; without it `calendars` beside the configuration's file, or else conf/calendars",
     AT(calendars.dir)},

    {"caps.max_order_quantity", CONFIG_DECIMAL, 0, UNITS_MAX, NULL, "0", "most shares of one order; 0: no cap",
     AT(caps.max_order_quantity_nano)},
    {"caps.max_order_notional", CONFIG_DECIMAL, 0, UNITS_MAX, NULL, "0", "most money of one order; 0: no cap",
     AT(caps.max_order_notional_nano)},
    {"caps.max_block_notional", CONFIG_DECIMAL, 0, UNITS_MAX, NULL, "0",
     "most money of one block, else a person must look; 0: no cap", AT(caps.max_block_notional_nano)},
    {"caps.price_collar_pct", CONFIG_DECIMAL, 0, INT64_C(1000000) * NANO, NULL, "0",
     "farthest a limit price may be from the last price, in percent; 0: no collar", AT(caps.price_collar_pct_nano)},
    {"caps.max_price_age_s", CONFIG_INTEGER, 0, 31536000, NULL, "0",
     "no order and no block on a last price older than this; 0: any will do", AT(caps.max_price_age_s)},
    {"caps.orders_per_min_per_user", CONFIG_INTEGER, 0, 1000000, NULL, "0",
     "most orders that one user sends within any 60 seconds; 0: no cap", AT(caps.orders_per_min_per_user)},

    {"worker.concurrency", CONFIG_INTEGER, 1, 4096, NULL, "64", "blocks that one worker drives at once",
     AT(worker.concurrency)},
    {"worker.lease_ms", CONFIG_INTEGER, 200, 600000, NULL, "10000", "a claim not renewed for this long is anybody's",
     AT(worker.lease_ms)},
    {"worker.poll_ms", CONFIG_INTEGER, 10, 60000, NULL, "1000", "longest sleep when nothing is announced",
     AT(worker.poll_ms)},
    {"worker.log_shares", CONFIG_CHOICE, 0, 0, switches, "on",
     "whether the log names each order's share as it is allocated", AT(worker.log_shares)},

    {"worker.metrics_listen", CONFIG_ADDRESS, NO_BOUNDS, "",
     "where each worker shows its metrics: host:port, port 0 takes a free one", AT(worker.metrics_listen)},

    {"orders.retention_s", CONFIG_INTEGER, 1, 315360000, NULL, "604800",
     "finished orders, blocks and windows expire after this", AT(orders.retention_s)},

    {"paper.listen", CONFIG_ADDRESS, NO_BOUNDS, "127.0.0.1:8701", "where the paper broker listens", AT(paper.listen)},
    {"paper.ledger_file", CONFIG_PATH, NO_BOUNDS, "paper-ledger.jsonl", "its append-only record of orders and fills",
     AT(paper.ledger_file)},
    {"paper.stocks_file", CONFIG_PATH, NO_BOUNDS, "", "its prices: CSV with columns symbol, name, price",
     AT(paper.stocks_file)},
    {"paper.rate_per_min", CONFIG_INTEGER, 0, 1000000, NULL, "0", "calls a minute before it answers 429; 0: no limit",
     AT(paper.rate_per_min)},
    {"paper.calendar", CONFIG_CALENDAR, NO_BOUNDS, "",
     "its sessions: day orders expire at the close; without one it is always open", AT(paper.calendar)},
    {"paper.rate_period_ms", CONFIG_INTEGER, 100, 60000, NULL, "60000",
     "how long that minute is: shorter in tests only", AT(paper.rate_period_ms)},

    {"broker.NAME.adapter", CONFIG_CHOICE, 0, 0, adapters, "", "what the broker speaks; kite is not available yet",
     AT_BROKER(adapter)},
    {"broker.NAME.base_url", CONFIG_HTTP_URL, NO_BOUNDS, "", "where its API is", AT_BROKER(base_url)},
    {"broker.NAME.key_id", CONFIG_SECRET, NO_BOUNDS, "", "the key to it; a secret, see below", AT_BROKER(key_id)},
    {"broker.NAME.key_secret", CONFIG_SECRET, NO_BOUNDS, "", "the secret of that key, likewise",
     AT_BROKER(key_secret)},
    {"broker.NAME.timeout_ms", CONFIG_INTEGER, 100, 60000, NULL, "5000",
     "for one call to the broker; below worker.lease_ms", AT_BROKER(timeout_ms)},
    {"broker.NAME.lot", CONFIG_DECIMAL, 1, INT64_C(1000000) * NANO, NULL, "1",
     "smallest quantity traded; 0.000000001 where the broker takes fractions", AT_BROKER(lot_nano)},
    {"broker.NAME.minor_unit", CONFIG_DECIMAL, 1, INT64_C(1000000) * NANO, NULL, "0.01",
     "smallest amount of money given to a user", AT_BROKER(minor_unit_nano)},
    {"broker.NAME.rate_per_min", CONFIG_INTEGER, 0, 1000000, NULL, "0", "calls a minute to the broker; 0: no limit",
     AT_BROKER(rate_per_min)},
    {"broker.NAME.rate_period_ms", CONFIG_INTEGER, 100, 60000, NULL, "60000",
     "how long that minute is: shorter in tests only", AT_BROKER(rate_period_ms)},
    {"broker.NAME.max_daily_notional", CONFIG_DECIMAL, 0, UNITS_MAX, NULL, "0",
     "most money in orders, buys and sells added up, a day in UTC; 0: no cap", AT_BROKER(max_daily_notional_nano)},
    {"broker.NAME.max_slice_quantity", CONFIG_DECIMAL, 0, UNITS_MAX, NULL, "0",
     "larger blocks are split into orders of this; 0: no limit", AT_BROKER(max_slice_quantity_nano)},
    {"broker.NAME.calendar", CONFIG_CALENDAR, NO_BOUNDS, "",
     "the calendar of its market, a name or a path; without one it is always open", AT_BROKER(calendar)},
};

_Static_assert(sizeof(options) / sizeof(options[0]) <= CONFIG_OPTIONS_MAX, "raise CONFIG_OPTIONS_MAX");

size_t config_option_count(void)
{
	return sizeof(options) / sizeof(options[0]);
}

const struct config_option *config_option_at(size_t i)
{
	return &options[i];
}

const char *config_option_name(size_t i)
{
	return options[i].name;
}

const char *config_option_default(size_t i)
{
	return options[i].fallback;
}

const char *config_option_help(size_t i)
{
	return options[i].help;
}

/* One row. Texts without bounds explain themselves. */
static void print_option(FILE *out, const struct config_option *option, int name_width, int fallback_width)
{
	const char *fallback = option->fallback[0] != '\0' ? option->fallback : "-";
	char bounds[CONFIG_ALLOWED_SIZE];

	fprintf(out, "  %-*s  %-*s  %s", name_width, option->name, fallback_width, fallback, option->help);
	if (config_option_bounds(option, bounds)[0] != '\0')
		fprintf(out, " (%s)", bounds);
	fputc('\n', out);
}

void config_print_options(FILE *out)
{
	size_t name_width = 0;
	size_t fallback_width = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		if (strlen(options[i].name) > name_width)
			name_width = strlen(options[i].name);
		if (strlen(options[i].fallback) > fallback_width)
			fallback_width = strlen(options[i].fallback);
	}
	for (size_t i = 0; i < config_option_count(); i++)
		print_option(out, &options[i], (int)name_width, (int)fallback_width);
}

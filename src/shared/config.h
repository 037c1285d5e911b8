/* Configuration: one table of options, read from an INI file, then `-o section.key=value`, then secrets from elsewhere.
 *
 * Every option has one row in config_table.c: name, type, bounds, default, help. A test holds that table,
 * conf/muster.conf and the README against each other. All three programs read the same file, each using its part.
 *
 * Where no broker is configured there is one anyway: `paper`, at the address where muster-paper listens by default. A
 * broker of that name has these defaults also where it is configured; any other must say its adapter and base_url. */
#ifndef MUSTER_CONFIG_H
#define MUSTER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/err.h"

#define CONFIG_BROKERS_MAX 16
#define CONFIG_NAME_SIZE   32
#define CONFIG_TEXT_SIZE   256

enum config_durability { DURABILITY_STRICT, DURABILITY_RELAXED };
enum config_log_requests { LOG_REQUESTS_OFF, LOG_REQUESTS_CHANGES, LOG_REQUESTS_ALL };
enum config_switch { SWITCH_OFF, SWITCH_ON };
enum config_adapter { ADAPTER_NONE, ADAPTER_ALPACA, ADAPTER_KITE };

struct config_broker {
	char name[CONFIG_NAME_SIZE]; /* the broker_type of orders: [a-z0-9][a-z0-9_]* */
	enum config_adapter adapter;
	char base_url[CONFIG_TEXT_SIZE];
	int64_t timeout_ms; /* for one call to the broker; below worker.lease_ms */
	int64_t lot_nano;
	int64_t minor_unit_nano;	 /* smallest unit of money given to a user */
	int64_t rate_per_min;		 /* 0: no limit */
	int64_t rate_period_ms;		 /* how long that minute is: shorter in tests only */
	int64_t max_daily_notional_nano; /* 0: no cap */
	int64_t max_slice_quantity_nano; /* 0: no limit */
	char calendar[CONFIG_TEXT_SIZE]; /* a name or a path; "": always open */
	char key_id[CONFIG_TEXT_SIZE];	 /* a secret, as is the next: "" where there is none */
	char key_secret[CONFIG_TEXT_SIZE];
};

struct config {
	struct {
		char url[CONFIG_TEXT_SIZE * 2]; /* may hold a password: never log it */
		char prefix[CONFIG_NAME_SIZE];
		enum config_durability durability;
		int64_t min_replicas;
		int64_t timeout_ms; /* how long a reply may take before its outcome is unknown */
	} redis;
	struct {
		char listen[CONFIG_TEXT_SIZE]; /* host:port; port 0 takes a free one and logs it */
		int64_t max_body_bytes;
		int64_t max_uri_bytes;
		int64_t max_header_bytes;
		int64_t max_bodies_bytes;
		int64_t max_connections;
		int64_t max_connections_per_address; /* 0: no limit */
		int64_t max_requests_per_s;	     /* of one token, or of one address; 0: no limit */
		int64_t request_timeout_s;
		int64_t idle_timeout_s;
		int64_t answer_timeout_s;
		char default_user[CONFIG_NAME_SIZE * 2];
		char default_broker[CONFIG_NAME_SIZE];
		char tokens_file[CONFIG_TEXT_SIZE];
		char tls_cert[CONFIG_TEXT_SIZE];
		char tls_key[CONFIG_TEXT_SIZE];
		enum config_log_requests log_requests;
	} api;
	struct {
		int64_t length_s;
		int64_t max_ahead_s;
	} window;
	struct {
		int64_t coalesce_ms;
		int64_t large_notional_nano;
		int64_t large_quantity_nano;
		int64_t large_adv_pct_nano; /* of the average daily volume */
		int64_t large_horizon_s_nano, large_interval_s_nano;
		int64_t turn_s_nano;	     /* how long a side has the broker while the other one waits */
		int64_t open_delay_s;	     /* from the open to the first window */
		int64_t rush_before_close_s; /* how long before the close the rush begins */
		int64_t rush_length_s;	     /* from window to window in it */
		int64_t last_before_close_s; /* when the last one is due */
	} lanes;
	struct { /* each: 0 is no cap */
		int64_t max_order_quantity_nano;
		int64_t max_order_notional_nano;
		int64_t max_block_notional_nano;
		int64_t price_collar_pct_nano;
		int64_t max_price_age_s;
		int64_t orders_per_min_per_user;
	} caps;
	struct {
		char dir[CONFIG_TEXT_SIZE]; /* "": beside the configuration, else conf/calendars */
	} calendars;
	struct {
		int64_t concurrency;
		int64_t lease_ms;
		int64_t poll_ms;
		char metrics_listen[CONFIG_TEXT_SIZE]; /* "": nowhere */
		enum config_switch log_shares;
	} worker;
	struct {
		int64_t retention_s;
	} orders;
	struct {
		char listen[CONFIG_TEXT_SIZE];
		char ledger_file[CONFIG_TEXT_SIZE];
		char stocks_file[CONFIG_TEXT_SIZE];
		int64_t rate_per_min; /* of /v2 calls; 0: no limit */
		int64_t rate_period_ms;
		char calendar[CONFIG_TEXT_SIZE];
	} paper;
	struct config_broker brokers[CONFIG_BROKERS_MAX];
	size_t broker_count;
	bool brokers_implied; /* none is configured: brokers[0] is the built-in `paper` */
};

/* Defaults only: no file, no environment. */
void config_init(struct config *config);

/* Reads `path`. Errors (ERR_CONFIG) name file, line and key, and say what is allowed. */
bool config_read_file(struct config *config, const char *path, struct err *err) MUST_USE;

/* One "section.key=value" of the command line; the section of a broker is "broker.NAME". A secret is refused: everybody
 * on the host can read command lines. */
bool config_set(struct config *config, const char *assignment, struct err *err) MUST_USE;

/* Secrets from outside the file, over what is there. For each the first that has it: the variable (MUSTER_REDIS_URL,
 * MUSTER_BROKER_<NAME>_KEY_ID, MUSTER_BROKER_<NAME>_KEY_SECRET), the file that the same variable with _FILE behind its
 * name holds the path of, the file redis.url, broker.NAME.key_id or broker.NAME.key_secret in $CREDENTIALS_DIRECTORY.
 */
bool config_read_secrets(struct config *config, struct err *err) MUST_USE;

/* Takes the variables above out of the environment and overwrites their bytes, so that /proc/PID/environ does not show
 * them either. */
void config_wipe_environment(void);

/* Overwrites the keys of all brokers: for programs that call none. */
void config_forget_keys(struct config *config);

/* What no single option can say: brokers complete, timeouts below the lease, no open address without tokens, .... */
bool config_check(const struct config *config, struct err *err) MUST_USE;

/* NULL where no broker has that name. */
const struct config_broker *config_broker(const struct config *config, const char *name);

/* The functions above stop at the first problem. These go on and tell every one, each as an error that can be printed
 * as it stands; they return how many there were. What was right is stored. */
typedef void config_problem_fn(const struct err *problem, void *arg);
size_t config_tell_file(struct config *config, const char *path, config_problem_fn *tell, void *arg);
/* `warn` (may be NULL) is told of files that are open to others. */
size_t config_tell_secrets(struct config *config, config_problem_fn *tell, config_problem_fn *warn, void *arg);
size_t config_tell_check(const struct config *config, config_problem_fn *tell, void *arg);

/* Warns of the configuration file where it is open to others and `config`, read from nowhere else, holds a secret. */
void config_warn_file(const struct config *config, const char *path, config_problem_fn *warn, void *arg);

/* Whether a password or a broker's key is held. */
bool config_has_secrets(const struct config *config);

/* Splits "host:port" or "[v6]:port"; `host` has CONFIG_TEXT_SIZE bytes. */
bool config_split_address(const char *address, char *host, uint16_t *port, struct err *err) MUST_USE;

/* The rows of the option table. Names are "redis.url" and, for what each broker has, "broker.NAME.lot". A default of ""
 * means none. */
size_t config_option_count(void);
const char *config_option_name(size_t i);
const char *config_option_default(size_t i);
const char *config_option_help(size_t i);

/* The option table as aligned text, for -h. */
void config_print_options(FILE *out);

#endif

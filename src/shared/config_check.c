/* What no single option can say: how the values fit together, and what is not there yet. A setting that nothing acts on
 * is refused rather than passed over: whoever wrote it counts on it. */
#include "shared/config.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "shared/config_option.h"
#include "shared/decimal.h"

/* Where problems go, and how many there were. */
struct check {
	const struct config *config;
	config_problem_fn *tell;
	void *arg;
	size_t problems;
};

/* Tells one problem. */
__attribute__((format(printf, 2, 3))) static void tell_problem(struct check *check, const char *format, ...)
{
	struct err problem = {0};
	char text[sizeof(problem.message)];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	err_set(&problem, ERR_CONFIG, "%s", text);
	check->tell(&problem, check->arg);
	check->problems++;
}

/* True for 127.0.0.0/8, ::1 and the name localhost. Any other name may mean something else tomorrow. */
static bool address_is_loopback(const char *address)
{
	char host[CONFIG_TEXT_SIZE];
	struct in_addr v4;
	struct in6_addr v6;
	uint16_t port;

	if (!config_split_address(address, host, &port, NULL))
		return false;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(host, "localhost") == 0;
}

/* Who can reach the API, and what it gives to orders that do not say. */
static void check_api(struct check *check)
{
	const struct config *config = check->config;

	if (config->api.tokens_file[0] == '\0' && !address_is_loopback(config->api.listen))
		tell_problem(check, "api.listen: %s is not a loopback address; an open one needs api.tokens_file",
			     config->api.listen);
	if ((config->api.tls_cert[0] == '\0') != (config->api.tls_key[0] == '\0'))
		tell_problem(check, "api.tls_cert and api.tls_key: one is given without the other");
	if (config->api.max_bodies_bytes < config->api.max_body_bytes)
		tell_problem(check, "api.max_bodies_bytes: %lld is less than api.max_body_bytes (%lld)",
			     (long long)config->api.max_bodies_bytes, (long long)config->api.max_body_bytes);
	if (config_broker(config, config->api.default_broker) == NULL)
		tell_problem(check, "api.default_broker: there is no section [broker.%s]", config->api.default_broker);
}

/* Orders of the last minute are counted where they are kept. */
static void check_caps(struct check *check)
{
	const struct config *config = check->config;

	if (config->caps.orders_per_min_per_user > 0 && config->orders.retention_s < 60)
		tell_problem(check,
			     "caps.orders_per_min_per_user: it needs an orders.retention_s of 60 or more, not %lld",
			     (long long)config->orders.retention_s);
}

/* The window that comes next must be one that is accepted. */
static void check_window(struct check *check)
{
	const struct config *config = check->config;

	if (config->window.max_ahead_s < config->window.length_s)
		tell_problem(check, "window.max_ahead_s: %lld is less than window.length_s (%lld)",
			     (long long)config->window.max_ahead_s, (long long)config->window.length_s);
	if (config->lanes.last_before_close_s >= config->lanes.rush_before_close_s)
		tell_problem(check, "lanes.last_before_close_s: %lld is not below lanes.rush_before_close_s (%lld)",
			     (long long)config->lanes.last_before_close_s,
			     (long long)config->lanes.rush_before_close_s);
}

/* What a broker cannot do without. */
static void check_broker_is_complete(struct check *check, const struct config_broker *broker)
{
	if (broker->adapter == ADAPTER_NONE)
		tell_problem(check, "broker.%s.adapter: missing; it must be alpaca", broker->name);
	else if (broker->adapter == ADAPTER_KITE)
		tell_problem(check, "broker.%s.adapter: kite is not available yet; it must be alpaca", broker->name);
	if (strcmp(broker->name, "all") == 0)
		tell_problem(check, "broker.all: this name means every broker where trading is halted; take another");
	if (broker->base_url[0] == '\0')
		tell_problem(check, "broker.%s.base_url: missing; it must be an http:// or https:// URL", broker->name);
	if ((broker->key_id[0] == '\0') != (broker->key_secret[0] == '\0'))
		tell_problem(check, "broker.%s: one of its key_id and key_secret is given without the other",
			     broker->name);
}

/* How its numbers fit with each other and with the worker's. */
static void check_broker_numbers(struct check *check, const struct config_broker *broker)
{
	char slice[DECIMAL_TEXT];
	char lot[DECIMAL_TEXT];

	/* Otherwise another worker could take a block while the first still waits for the broker's answer. */
	if (broker->timeout_ms >= check->config->worker.lease_ms)
		tell_problem(check, "broker.%s.timeout_ms: %lld is not below worker.lease_ms (%lld)", broker->name,
			     (long long)broker->timeout_ms, (long long)check->config->worker.lease_ms);
	if (broker->max_slice_quantity_nano % broker->lot_nano != 0)
		tell_problem(check, "broker.%s.max_slice_quantity: %s is not a multiple of the lot (%s)", broker->name,
			     decimal_format(broker->max_slice_quantity_nano, slice),
			     decimal_format(broker->lot_nano, lot));
}

size_t config_tell_check(const struct config *config, config_problem_fn *tell, void *arg)
{
	struct check check = {.config = config, .tell = tell, .arg = arg};

	check_api(&check);
	check_window(&check);
	check_caps(&check);
	for (size_t i = 0; i < config->broker_count; i++) {
		check_broker_is_complete(&check, &config->brokers[i]);
		check_broker_numbers(&check, &config->brokers[i]);
	}
	return check.problems;
}

bool config_check(const struct config *config, struct err *err)
{
	struct err first = {0};

	if (config_tell_check(config, config_keep_first, &first) == 0)
		return true;
	return err_set(err, first.code, "%s", first.message);
}

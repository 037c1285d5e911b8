/* The configuration: what is read, what is refused and with which words, and that conf/ holds what the table says. */
#include "shared/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/decimal.h"

#define FILE_NAME "muster-test.conf"

/* Problems as they were told, one a line. */
struct told {
	char text[4096];
	size_t count;
};

static void keep_problem(const struct err *problem, void *arg)
{
	struct told *told = arg;
	size_t length = strlen(told->text);

	assert_int_equal(problem->code, ERR_CONFIG);
	snprintf(told->text + length, sizeof(told->text) - length, "%s\n", problem->message);
	told->count++;
}

/* Each run works in a folder of its own; conf/ is found through `root`. */
static char root[1024];
static char folder[] = "/tmp/muster-config-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return getcwd(root, sizeof(root)) != NULL && mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	unlink(FILE_NAME);
	return chdir(root) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *text, size_t length)
{
	FILE *file = fopen(FILE_NAME, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* Reads `text` as a file; the problems are the result. */
static struct told read_text(struct config *config, const char *text)
{
	struct told told = {0};
	size_t count;

	write_file(text, strlen(text));
	config_init(config);
	count = config_tell_file(config, FILE_NAME, keep_problem, &told);
	assert_int_equal(count, told.count);
	return told;
}

static char *read_whole(const char *path)
{
	char full[2048];
	char *text = calloc(1, 65536);
	FILE *file;

	assert_non_null(text);
	snprintf(full, sizeof(full), "%s/%s", root, path);
	file = fopen(full, "r");
	if (file == NULL)
		fail_msg("%s cannot be opened: run the tests from the project's root", full);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void defaults_are_those_of_the_design(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	config_init(&config);
	assert_string_equal(config.redis.url, "redis://127.0.0.1:6379/0");
	assert_string_equal(config.redis.prefix, "muster");
	assert_int_equal(config.redis.durability, DURABILITY_STRICT);
	assert_int_equal(config.redis.min_replicas, 0);
	assert_int_equal(config.redis.timeout_ms, 3000);
	assert_string_equal(config.api.listen, "127.0.0.1:8700");
	assert_int_equal(config.api.max_body_bytes, 8388608);
	assert_string_equal(config.api.default_user, "demo");
	assert_string_equal(config.api.default_broker, "paper");
	assert_string_equal(config.api.tokens_file, "");
	assert_int_equal(config.window.length_s, 300);
	assert_int_equal(config.window.max_ahead_s, 604800);
	assert_int_equal(config.lanes.coalesce_ms, 250);
	assert_int_equal(config.lanes.large_notional_nano, 200000 * NANO);
	assert_int_equal(config.lanes.large_quantity_nano, 10000 * NANO);
	assert_int_equal(config.worker.concurrency, 64);
	assert_int_equal(config.worker.lease_ms, 10000);
	assert_int_equal(config.worker.poll_ms, 1000);
	assert_int_equal(config.orders.retention_s, 604800);
	assert_string_equal(config.paper.listen, "127.0.0.1:8701");
	assert_string_equal(config.paper.ledger_file, "paper-ledger.jsonl");
	assert_string_equal(config.paper.stocks_file, "");
	assert_int_equal(config.paper.rate_per_min, 0);
	assert_int_equal(config.broker_count, 1);
	assert_string_equal(config.brokers[0].name, "paper");
	assert_int_equal(config.brokers[0].adapter, ADAPTER_ALPACA);
	assert_string_equal(config.brokers[0].base_url, "http://127.0.0.1:8701");
	assert_int_equal(config.brokers[0].timeout_ms, 5000);
	assert_int_equal(config.brokers[0].lot_nano, NANO);
	assert_int_equal(config.brokers[0].minor_unit_nano, NANO / 100);
	assert_int_equal(config.brokers[0].rate_per_min, 0);
	assert_int_equal(config.brokers[0].max_slice_quantity_nano, 0);
	assert_string_equal(config.brokers[0].calendar, "");
	assert_true(config_check(&config, &err));
}

/* The value that the sample gives to an option (also where it stands behind a '#'), or NULL. */
static const char *sample_value(char *text, const char *name, char *value)
{
	const char *key = strrchr(name, '.') + 1;
	char section[64];
	char *line;

	snprintf(section, sizeof(section), "\n[%.*s]\n", (int)(key - 1 - name), name);
	if (strncmp(name, "broker.", 7) == 0)
		strcpy(section, "\n[broker.paper]\n");
	line = strstr(text, section);
	if (line == NULL)
		return NULL;
	for (line += strlen(section); line != NULL && *line != '[';
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *start = *line == '#' ? line + 1 : line;

		if (strncmp(start, key, strlen(key)) == 0 && strncmp(start + strlen(key), " =", 2) == 0) {
			start += strlen(key) + 2;
			start += *start == ' ';
			snprintf(value, 512, "%.*s", (int)strcspn(start, "\n"), start);
			return value;
		}
	}
	return NULL;
}

static void sample_file_has_every_option_at_its_default(void **state)
{
	char *text = read_whole("conf/muster.conf");
	char value[512];

	(void)state;
	assert_true(config_option_count() > 25);
	for (size_t i = 0; i < config_option_count(); i++) {
		const char *name = config_option_name(i);
		const char *wanted = config_option_default(i);

		/* These two have a default for the broker `paper` only. */
		if (strcmp(name, "broker.NAME.adapter") == 0)
			wanted = "alpaca";
		if (strcmp(name, "broker.NAME.base_url") == 0)
			wanted = "http://127.0.0.1:8701";
		if (sample_value(text, name, value) == NULL)
			fail_msg("conf/muster.conf lacks %s", name);
		if (strcmp(value, wanted) != 0)
			fail_msg("conf/muster.conf: %s is \"%s\", not \"%s\"", name, value, wanted);
	}
	free(text);
}

static void sample_file_says_the_same_with_every_line_in_force(void **state)
{
	char *text = read_whole("conf/muster.conf");
	struct config defaults;
	struct config config;
	struct told told;

	(void)state;
	for (char *line = text; line != NULL; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z')
			line[0] = ' ';
	}
	told = read_text(&config, text);
	assert_string_equal(told.text, "");
	config_init(&defaults);
	assert_false(config.brokers_implied);
	config.brokers_implied = true; /* the one difference: there it is said */
	assert_memory_equal(&config, &defaults, sizeof(config));
	free(text);
}

static void demo_file_is_good(void **state)
{
	char *text = read_whole("conf/demo.conf");
	struct config config;
	struct told told = read_text(&config, text);

	(void)state;
	assert_string_equal(told.text, "");
	config_tell_check(&config, keep_problem, &told);
	assert_string_equal(told.text, "");
	assert_int_equal(config.window.length_s, 300);
	assert_string_equal(config.paper.stocks_file, "conf/stocks.csv");
	free(text);
}

static void stock_list_has_three_columns_and_good_prices(void **state)
{
	static const char *const needed[] = {"AAPL", "MSFT", "GOOGL", "AMZN", "NVDA", "TSLA", "META"};
	char *text = read_whole("conf/stocks.csv");
	char *rest = text;
	size_t found = 0;
	size_t rows = 0;

	(void)state;
	assert_string_equal(strsep(&rest, "\n"), "symbol,name,price");
	for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0'; line = strsep(&rest, "\n")) {
		const char *symbol = strsep(&line, ",");
		const char *name = strsep(&line, ",");
		int64_t price = 0;

		assert_true(symbol[0] != '\0' && name[0] != '\0' && line != NULL);
		assert_true(decimal_parse(line, &price, NULL) && price > 0);
		for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
			found += strcmp(needed[i], symbol) == 0;
		rows++;
	}
	assert_int_equal(found, sizeof(needed) / sizeof(needed[0]));
	assert_in_range(rows, 30, 50);
	free(text);
}

static void file_sets_values_of_every_type(void **state)
{
	struct config config;
	struct told told = read_text(&config, "\xef\xbb\xbf[redis] ; where it is\r\n"
					      "  url = unix://me:p%40ss@/run/redis.sock?db=3\r\n"
					      "durability: relaxed ; for now\n"
					      "[lanes]\n\tlarge_notional = 0.000000001\n"
					      "[window]\nlength_s=60\n"
					      "[redis]\nmin_replicas = 2\n"
					      "[broker.my_alpaca2]\nadapter=alpaca\nbase_url=https://[::1]:8443/api//\n"
					      "lot=0.000000001\n");

	(void)state;
	assert_string_equal(told.text, "");
	assert_string_equal(config.redis.url, "unix://me:p%40ss@/run/redis.sock?db=3");
	assert_int_equal(config.redis.durability, DURABILITY_RELAXED);
	assert_int_equal(config.redis.min_replicas, 2);
	assert_int_equal(config.lanes.large_notional_nano, 1);
	assert_int_equal(config.window.length_s, 60);
	assert_int_equal(config.broker_count, 1);
	assert_string_equal(config.brokers[0].name, "my_alpaca2");
	assert_string_equal(config.brokers[0].base_url, "https://[::1]:8443/api");
	assert_int_equal(config.brokers[0].lot_nano, 1);
	assert_ptr_equal(config_broker(&config, "my_alpaca2"), &config.brokers[0]);
	assert_null(config_broker(&config, "paper"));
}

static void file_problems_name_file_line_and_key(void **state)
{
	static const struct {
		const char *text;
		const char *problems;
	} cases[] = {
	    {"[redis]\n\nurll = x\n",
	     FILE_NAME ":3: redis.urll: unknown key; [redis] has url, prefix, durability, min_replicas, timeout_ms\n"},
	    {"[rediss]\nurl = x\n",
	     FILE_NAME ":1: unknown section [rediss]; there are [redis], [api], [window], [lanes], [calendars], "
		       "[worker], [orders], [paper] and [broker.NAME]\n"},
	    {"[broker]\n",
	     FILE_NAME ":1: unknown section [broker]; there are [redis], [api], [window], [lanes], [calendars], "
		       "[worker], [orders], [paper] and [broker.NAME]\n"},
	    {"[broker.Paper]\n",
	     FILE_NAME ":1: [broker.Paper]: a broker's name must be a word like [a-z0-9][a-z0-9_]*, at "
		       "most 31 bytes\n"},
	    {"[redis]\ndurability = stric\n",
	     FILE_NAME ":2: redis.durability: \"stric\" is not allowed; it must be strict or relaxed\n"},
	    {"[broker.x]\nlot = 0\n",
	     FILE_NAME ":2: broker.x.lot: \"0\" is not allowed; it must be a number with at most 9 "
		       "decimals from 0.000000001 to 1000000\n"},
	    {"[worker]\npoll_ms = 5\nlease_ms =\n", FILE_NAME
	     ":2: worker.poll_ms: \"5\" is not allowed; it must be a whole number from 10 to 60000\n" FILE_NAME
	     ":3: worker.lease_ms: \"\" is not allowed; it must be a whole number from 200 to 600000\n"},
	    {"[api]\n[redis]\nprefix = a\n[redis]\nprefix = a\n",
	     FILE_NAME ":5: redis.prefix: given a second time, first on line 3\n"},
	    {"[broker.a]\nlot=1\n[broker.b]\nlot=1\n[broker.a]\nlot=1\n",
	     FILE_NAME ":6: broker.a.lot: given a second time, first on line 2\n"},
	    {"prefix = a\n", FILE_NAME ":1: the key stands before any [section]\n"},
	    {"[redis]\nprefix\n", FILE_NAME ":2: this is no key = value, no [section] and no comment\n"},
	    {"[redis]\nprefix ; = a\n", FILE_NAME ":2: this is no key = value, no [section] and no comment\n"},
	    {"[redis\nprefix = a\n", FILE_NAME ":1: a section is [name] on a line of its own\n"},
	    {"[redis] prefix = a\n", FILE_NAME ":1: a section is [name] on a line of its own\n"},
	    {"[redis]\nprefix = a # no comment\n",
	     FILE_NAME ":2: redis.prefix: \"a # no comment\" is not allowed; it must be "
		       "a word like [a-z][a-z0-9_-]*, at most 31 bytes\n"},
	};
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told = read_text(&config, cases[i].text);

		assert_string_equal(told.text, cases[i].problems);
	}
}

static void file_lines_are_never_cut_in_silence(void **state)
{
	char text[512] = "[paper]\nledger_file = ";
	size_t length = strlen(text);
	struct config config;
	struct told told;

	(void)state;
	memset(text + length, 'x', 197 - strlen("ledger_file = "));
	told = read_text(&config, text);
	assert_string_equal(told.text, "");
	assert_int_equal(strlen(config.paper.ledger_file), 197 - strlen("ledger_file = "));
	strcat(text, "y\n");
	told = read_text(&config, text);
	assert_string_equal(told.text, FILE_NAME ":2: the line is longer than 197 bytes\n");

	write_file("[redis]\nprefix = a\0b\n", 21);
	config_init(&config);
	memset(&told, 0, sizeof(told));
	config_tell_file(&config, FILE_NAME, keep_problem, &told);
	assert_string_equal(told.text, FILE_NAME ":2: there is a zero byte in the line\n");
	assert_string_equal(config.redis.prefix, "muster");
}

static void file_that_cannot_be_read_is_named(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	config_init(&config);
	assert_false(config_read_file(&config, "none.conf", &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.message, "none.conf: No such file or directory");
	assert_false(config_read_file(&config, "/tmp", &err));
	assert_string_equal(err.message, "/tmp: Is a directory");
	write_file("[redis]\na = 1\nb = 2\n", 20);
	assert_false(config_read_file(&config, FILE_NAME, &err));
	assert_non_null(strstr(err.message, ":2: redis.a:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_those_of_the_design),
	    cmocka_unit_test(sample_file_has_every_option_at_its_default),
	    cmocka_unit_test(sample_file_says_the_same_with_every_line_in_force),
	    cmocka_unit_test(demo_file_is_good),
	    cmocka_unit_test(stock_list_has_three_columns_and_good_prices),
	    cmocka_unit_test(file_sets_values_of_every_type),
	    cmocka_unit_test(file_problems_name_file_line_and_key),
	    cmocka_unit_test(file_lines_are_never_cut_in_silence),
	    cmocka_unit_test(file_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}

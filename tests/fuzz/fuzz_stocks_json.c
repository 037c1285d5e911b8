/* Stocks as JSON: an array, or one stock under the symbol of its address. */
#include "fuzz.h"

#include "api/stocks_json.h"
#include "shared/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct stock_entries many = {0}, one = {0};
	struct problems problems = {0};
	struct err err;
	json_t *json = http_json_parse(data, size, &err);

	if (!json) {
		FUZZ_REQUIRE_ERROR(&err);
		return 0;
	}
	if (config.broker_count == 0)
		config_init(&config);
	FUZZ_REQUIRE(stocks_json_read_many(json, &config, &many, &problems) == (problems.count == 0));
	for (size_t i = 0; problems.count == 0 && i < many.count; i++)
		free(stock_entry_text(&many.list[i]));
	problems_free(&problems);
	problems = (struct problems){0};
	FUZZ_REQUIRE(stocks_json_read_one(json, "AAPL", &config, &one, &problems) == (problems.count == 0));
	problems_free(&problems);
	stock_entries_free(&many);
	stock_entries_free(&one);
	json_decref(json);
	return 0;
}

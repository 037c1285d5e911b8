/* Stocks as CSV. What is stored of an accepted stock reads back as JSON with the same symbol. */
#include "fuzz.h"

#include "api/stocks_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct stock_entries entries = {0};
	char *bytes = fuzz_text(data, size);
	struct err err;

	if (config.broker_count == 0)
		config_init(&config);
	if (!stocks_csv_read(bytes, size, &config, &entries, &err)) {
		FUZZ_REQUIRE_ERROR(&err);
	} else {
		for (size_t i = 0; i < entries.count; i++) {
			char *text = stock_entry_text(&entries.list[i]);
			json_t *view = stock_view(&config, entries.list[i].symbol, text);

			FUZZ_REQUIRE(view && strcmp(json_string_value(json_object_get(view, "symbol")),
						    entries.list[i].symbol) == 0);
			json_decref(view);
			free(text);
		}
	}
	stock_entries_free(&entries);
	free(bytes);
	return 0;
}

/* Bodies of bulk calls: an array of requests. */
#include "fuzz.h"

#include "api/bulk_body.h"
#include "shared/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct bulk_body body = {0};
	struct err err;
	json_t *json = http_json_parse(data, size, &err);

	if (!json) {
		FUZZ_REQUIRE_ERROR(&err);
		return 0;
	}
	if (bulk_body_parse(json, (struct bulk_users){"demo", NULL}, &body, &problems)) {
		size_t orders = 0;

		for (size_t i = 0; i < body.request_count; i++)
			orders += body.requests[i].request.count;
		FUZZ_REQUIRE(problems.count == 0 && orders >= 1 && orders <= BULK_ORDERS_MAX);
	} else {
		FUZZ_REQUIRE(problems.count > 0);
	}
	bulk_body_free(&body);
	problems_free(&problems);
	json_decref(json);
	return 0;
}

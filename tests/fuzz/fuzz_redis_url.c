/* redis.url: never a step too far, and what is shown of it never holds the password. */
#include "fuzz.h"

#include "shared/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), place[REDIS_URL_TEXT * 2];
	struct redis_url url;
	struct err err;

	if (!redis_url_parse(text, &url, &err)) {
		FUZZ_REQUIRE_ERROR(&err);
	} else {
		(void)redis_url_format_place(&url, place, sizeof place);
		FUZZ_REQUIRE(url.host[0] != '\0' || url.path[0] != '\0');
		/* Short ones stand in any text by chance. */
		if (strlen(url.password) > 8 && !strstr(url.host, url.password) && !strstr(url.path, url.password))
			FUZZ_REQUIRE(!strstr(place, url.password));
	}
	free(text);
	return 0;
}

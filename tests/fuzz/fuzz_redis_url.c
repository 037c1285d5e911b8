/* redis.url: never a step too far, and what is shown of it never holds the password. */
#include "fuzz.h"

#include "shared/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), place[REDIS_URL_TEXT * 2], without[REDIS_URL_TEXT * 2];
	struct redis_url url;
	struct err err;

	if (!redis_url_parse(text, &url, &err)) {
		FUZZ_REQUIRE_ERROR(&err);
	} else {
		(void)redis_url_format_place(&url, place, sizeof place);
		FUZZ_REQUIRE(url.host[0] != '\0' || url.path[0] != '\0');
		/* Host and path may hold the same letters by chance; but the login makes no difference. */
		memset(url.user, 0, sizeof url.user);
		memset(url.password, 0, sizeof url.password);
		url.has_login = false;
		FUZZ_REQUIRE(strcmp(redis_url_format_place(&url, without, sizeof without), place) == 0);
	}
	free(text);
	return 0;
}

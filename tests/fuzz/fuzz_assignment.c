/* `-o section.key=value`: what is taken stays in its bounds, so that the checks behind it never trip. */
#include "fuzz.h"

#include "shared/config.h"

static void on_problem(const struct err *problem, void *arg)
{
	(void)arg;
	FUZZ_REQUIRE_ERROR(problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char *text = fuzz_text(data, size);
	struct err err;

	config_init(&config);
	if (!config_set(&config, text, &err))
		FUZZ_REQUIRE_ERROR(&err);
	(void)config_tell_check(&config, on_problem, NULL);
	free(text);
	return 0;
}

/* Configuration files: every problem is told with a message that can be printed, and none stops the program. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "shared/config.h"

static void on_problem(const struct err *problem, void *arg)
{
	FUZZ_REQUIRE_ERROR(problem);
	++*(size_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char path[64];
	size_t told = 0;
	int fd = memfd_create("muster.conf", 0);

	FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	config_init(&config);
	FUZZ_REQUIRE(config_tell_file(&config, path, on_problem, &told) == told);
	told = 0;
	FUZZ_REQUIRE(config_tell_check(&config, on_problem, &told) == told);
	(void)close(fd);
	return 0;
}

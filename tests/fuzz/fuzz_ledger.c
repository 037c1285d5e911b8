/* A broker's ledger file as the auditor reads it: whatever stands there, it says what is wrong instead of falling over. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "audit/arena.h"
#include "audit/ledger.h"
#include "audit/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct audit audit = {.config = &config, .prefix = "muster:{0}:", .deployment = "abc123"};
	struct err err;
	char path[64];
	int fd = memfd_create("ledger", 0);

	FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	audit.arena = audit_arena_new();
	if (!audit_ledger_read_file(&audit, path, &err))
		FUZZ_REQUIRE_ERROR(&err);
	else
		FUZZ_REQUIRE(audit.ledger_count == 1);
	audit_arena_free(audit.arena);
	(void)close(fd);
	return 0;
}

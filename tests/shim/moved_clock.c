/* Moves the wall clock of a program that this is preloaded into (a redis-server in tests), while it runs: by as many
 * microseconds as the file named by MOVED_CLOCK says, eight bytes that whoever tests may change at any time. Monotonic
 * clocks stay as they are. So tests of market sessions move the one clock that counts, and Muster itself has no seam
 * for them. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define US_A_SECOND INT64_C(1000000)

/* How far the clock is moved; the file is mapped at the first call. */
static int64_t offset_us(void)
{
	static volatile const int64_t *mapped;

	if (!mapped) {
		const char *path = getenv("MOVED_CLOCK");
		int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		void *memory = fd >= 0 ? mmap(NULL, sizeof *mapped, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

		if (fd >= 0)
			(void)close(fd);
		if (memory == MAP_FAILED)
			abort();
		mapped = memory;
	}
	return *mapped;
}

static int64_t moved_us(void)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_A_SECOND + now.tv_nsec / 1000 + offset_us();
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	int64_t us = moved_us();

	(void)zone;
	at->tv_sec = us / US_A_SECOND;
	at->tv_usec = us % US_A_SECOND;
	return 0;
}

int clock_gettime(clockid_t id, struct timespec *at)
{
	int64_t us;

	if (id != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, at);
	us = moved_us();
	at->tv_sec = us / US_A_SECOND;
	at->tv_nsec = us % US_A_SECOND * 1000;
	return 0;
}

time_t time(time_t *at)
{
	time_t seconds = moved_us() / US_A_SECOND;

	if (at)
		*at = seconds;
	return seconds;
}

/* Read when somebody asks for the metrics, never before. */
#include "shared/metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Resident memory in bytes; 0 where it is not told. */
static double resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	(void)fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Entries of /proc/self/fd, without the one that this takes. */
static double open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	long count = -3; /* ".", ".." and the folder itself */

	if (!folder)
		return 0;
	while (readdir(folder))
		count++;
	(void)closedir(folder);
	return (double)count;
}

/* Seconds since 1970; the folder of a process in /proc is as old as the process. */
static double started_at(void)
{
	struct stat status;

	if (stat("/proc/self", &status) != 0)
		return 0;
	return (double)status.st_ctim.tv_sec + (double)status.st_ctim.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

void metrics_read_process(struct metrics *metrics)
{
	struct rusage usage;
	struct rlimit limit;

	metrics_set(metrics, (struct metric_at){METRIC_BUILD, {0}}, 1);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		metrics_set(metrics, (struct metric_at){METRIC_CPU, {0}},
			    seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_set(metrics, (struct metric_at){METRIC_FDS_MAX, {0}}, (double)limit.rlim_cur);
	metrics_set(metrics, (struct metric_at){METRIC_MEMORY, {0}}, resident_bytes());
	metrics_set(metrics, (struct metric_at){METRIC_FDS, {0}}, open_descriptors());
	metrics_set(metrics, (struct metric_at){METRIC_STARTED, {0}}, started_at());
}

void metrics_read_link(struct metrics *metrics, size_t index, const struct redis_link *link)
{
	uint64_t ups = redis_link_generation(link);

	metrics_set(metrics, (struct metric_at){METRIC_REDIS_UP, {index}}, redis_link_is_up(link));
	metrics_set(metrics, (struct metric_at){METRIC_RECONNECTS, {index}}, ups ? (double)(ups - 1) : 0);
}

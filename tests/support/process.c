/* Programs are real processes here, because how they start, drain and die is part of what is promised. */
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "tests/support/source_folder.h"
#include "tests/support/wait_until.h"

#define END_MOST_US INT64_C(60000000)
#define TAIL_BYTES  6000

struct process {
	pid_t pid;
	bool has_ended;
	int result;	/* of process_wait */
	off_t log_from; /* size of the log when it was started */
	char log_path[PATH_MAX];
};

/* The child: becomes the program. Only what is safe after fork. */
static void become_program(const char *const *argv, int log, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* the test has gone already */
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	(void)execv(argv[0], (char **)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct process *process_start(const char *const *argv, const char *log_path)
{
	struct process *process = calloc(1, sizeof *process);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t parent = getpid();

	if (!process || log < 0)
		abort();
	process->log_from = lseek(log, 0, SEEK_END);
	(void)snprintf(process->log_path, sizeof process->log_path, "%s", log_path);
	process->pid = fork();
	if (process->pid < 0)
		abort();
	if (process->pid == 0)
		become_program(argv, log, parent);
	(void)close(log);
	return process;
}

void process_free(struct process *process)
{
	if (!process)
		return;
	process_kill(process);
	free(process);
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

/* Takes the end of the process where there is one. */
static bool reap(struct process *process, int flags)
{
	int status;
	pid_t pid;

	if (process->has_ended)
		return true;
	do {
		pid = waitpid(process->pid, &status, flags);
	} while (pid < 0 && errno == EINTR);
	if (pid != process->pid)
		return false;
	process->has_ended = true;
	process->result = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	return true;
}

bool process_is_running(struct process *process)
{
	return !reap(process, WNOHANG);
}

void process_signal(struct process *process, int signal_number)
{
	if (!process->has_ended)
		(void)kill(process->pid, signal_number);
}

int process_wait(struct process *process)
{
	int64_t end_us = clock_monotonic_us() + END_MOST_US;

	while (!reap(process, WNOHANG)) {
		if (clock_monotonic_us() > end_us) {
			(void)fprintf(stderr, "process %d does not end\n", (int)process->pid);
			process_kill(process);
			break;
		}
		wait_pause();
	}
	return process->result;
}

int process_end(struct process *process)
{
	process_signal(process, SIGTERM);
	return process_wait(process);
}

void process_kill(struct process *process)
{
	process_signal(process, SIGKILL);
	(void)reap(process, 0);
}

/* The log from `from` on. */
static char *log_read(const struct process *process, off_t from)
{
	FILE *file = fopen(process->log_path, "re");
	struct stat status;
	char *text;
	size_t length = 0;

	if (!file || fstat(fileno(file), &status) != 0)
		abort();
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		abort();
	if (from < status.st_size && fseeko(file, from, SEEK_SET) == 0)
		length = fread(text, 1, (size_t)(status.st_size - from), file);
	text[length] = '\0';
	(void)fclose(file);
	return text;
}

char *process_log(const struct process *process)
{
	return log_read(process, process->log_from);
}

bool process_log_has(const struct process *process, const char *text)
{
	char *log = process_log(process);
	bool has = strstr(log, text) != NULL;

	free(log);
	return has;
}

void process_print_log_tail(const struct process *process)
{
	struct stat status;
	char *text;

	if (stat(process->log_path, &status) != 0)
		return;
	text = log_read(process, status.st_size > TAIL_BYTES ? status.st_size - TAIL_BYTES : 0);
	(void)fprintf(stderr, "--- end of %s\n%s---\n", process->log_path, text);
	free(text);
}

void process_find_build(char *folder, size_t size)
{
	char *build = build_folder();

	(void)snprintf(folder, size, "%s", build);
	free(build);
}

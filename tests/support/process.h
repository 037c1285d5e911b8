/* One program under test: started, watched through its log, ended. It ends with the test, also when the test crashes,
 * and only processes that were started here are ever signaled. */
#ifndef MUSTER_TEST_PROCESS_H
#define MUSTER_TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;

/* Starts `argv[0]`, a path; what it prints goes to `log_path`, appended. Aborts where it cannot fork. To be called from
 * the main thread only: the child ends with the thread that made it. */
struct process *process_start(const char *const *argv, const char *log_path);

/* SIGKILL where it still runs. NULL is fine. */
void process_free(struct process *process);

pid_t process_pid(const struct process *process);

/* false once it has ended, by itself or not. */
bool process_is_running(struct process *process);

/* Sends the signal and does not wait. */
void process_signal(struct process *process, int signal_number);

/* Waits for its end: the exit code, or minus the number of the signal that ended it. Where it does not end in 30
 * seconds it is killed, and that shows in the result. */
int process_wait(struct process *process);

/* SIGTERM, then process_wait. */
int process_end(struct process *process);

/* SIGKILL, and waits for its end. */
void process_kill(struct process *process);

/* What it has printed since it was started; to be freed by the caller. */
char *process_log(const struct process *process);

bool process_log_has(const struct process *process, const char *text);

/* Copies the last lines of its log to standard error. */
void process_print_log_tail(const struct process *process);

/* The folder that holds the programs: two above that of the test binary itself (build/ of build/tests/e2e/test_x). */
void process_find_build(char *folder, size_t size);

#endif

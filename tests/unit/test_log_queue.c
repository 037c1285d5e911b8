/* Lines by the thousand: they leave together, in their order, and nobody waits for whoever reads them. */
#include "shared/log_queue.h"

#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/log.h"

#define MANY 20000 /* lines of about 100 bytes: more than a pipe and the queue hold together */

/* Standard error is the end of a pipe that nobody reads by itself. */
struct pipe_end {
	struct event_base *base;
	int read_fd, stderr_before;
	char *text; /* read so far */
	size_t length;
};

static void pipe_begin(struct pipe_end *end)
{
	int ends[2];

	*end = (struct pipe_end){.base = event_base_new(), .stderr_before = dup(STDERR_FILENO)};
	assert_non_null(end->base);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	end->read_fd = ends[0];
	assert_int_equal(fcntl(end->read_fd, F_SETFL, O_NONBLOCK), 0);
	end->text = calloc(1, (size_t)8 * 1024 * 1024);
	assert_non_null(end->text);
	log_open("muster-test", LOG_INFO);
}

/* Takes what is there; all read so far. */
static const char *pipe_read(struct pipe_end *end)
{
	ssize_t got;

	while ((got = read(end->read_fd, end->text + end->length, 65536)) > 0)
		end->length += (size_t)got;
	end->text[end->length] = '\0';
	return end->text;
}

static void pipe_finish(struct pipe_end *end)
{
	log_queue_end();
	assert_true(dup2(end->stderr_before, STDERR_FILENO) >= 0);
	close(end->stderr_before);
	close(end->read_fd);
	event_base_free(end->base);
	free(end->text);
}

static void put_line(int number)
{
	const struct log_pair pairs[] = {{"n", log_int(number)}, {"nothing", NULL}, {"odd", "a\nb"}, {NULL, NULL}};

	log_event_soon(LOG_INFO, "tick", pairs);
}

/* One turn of the loop. */
static void turn(struct pipe_end *end)
{
	event_base_loop(end->base, EVLOOP_NONBLOCK);
}

/* How often a text stands in another. */
static int count(const char *text, const char *what)
{
	int found = 0;

	while ((text = strstr(text, what))) {
		found++;
		text += strlen(what);
	}
	return found;
}

static void lines_leave_at_the_end_of_the_turn(void **state)
{
	struct pipe_end end;

	(void)state;
	pipe_begin(&end);
	log_queue_start(end.base);
	for (int i = 0; i < 3; i++)
		put_line(i);
	assert_string_equal(pipe_read(&end), "");
	turn(&end);
	assert_int_equal(count(pipe_read(&end), " level=info program=muster-test event=tick n="), 3);
	assert_non_null(strstr(end.text, " event=tick n=0 odd=\"a\\nb\"\ntime="));
	put_line(3);
	turn(&end);
	assert_non_null(strstr(pipe_read(&end), "event=tick n=3 "));
	pipe_finish(&end);
}

static void a_line_that_leaves_at_once_takes_the_earlier_ones_along(void **state)
{
	struct pipe_end end;
	const char *first, *second;

	(void)state;
	pipe_begin(&end);
	log_queue_start(end.base);
	put_line(1);
	log_event(LOG_WARN, "now", NULL);
	first = strstr(pipe_read(&end), "event=tick n=1 ");
	second = strstr(end.text, "event=now\n");
	assert_true(first && second && first < second);
	pipe_finish(&end);
}

static void without_a_queue_they_leave_at_once(void **state)
{
	struct pipe_end end;

	(void)state;
	pipe_begin(&end);
	put_line(7);
	assert_non_null(strstr(pipe_read(&end), "event=tick n=7 "));
	pipe_finish(&end);
}

static void the_end_writes_what_waits(void **state)
{
	struct pipe_end end;

	(void)state;
	pipe_begin(&end);
	log_queue_start(end.base);
	put_line(9);
	log_queue_end();
	assert_non_null(strstr(pipe_read(&end), "event=tick n=9 "));
	pipe_finish(&end);
}

/* Every line that is there is whole, and the numbers grow; returns how many there are. */
static int check_lines(char *text)
{
	int last = -1, found = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *tick = strstr(line, " event=tick n=");

		assert_int_equal(strncmp(line, "time=", 5), 0);
		if (!tick)
			continue;
		assert_string_equal(line + strlen(line) - strlen(" odd=\"a\\nb\""), " odd=\"a\\nb\"");
		assert_true(atoi(tick + strlen(" event=tick n=")) > last);
		last = atoi(tick + strlen(" event=tick n="));
		found++;
	}
	return found;
}

static void who_does_not_read_makes_nobody_wait_and_is_told_what_was_lost(void **state)
{
	struct pipe_end end;
	int lost = 0, found;
	char *told;

	(void)state;
	pipe_begin(&end);
	log_queue_start(end.base);
	for (int i = 0; i < MANY; i++) {
		put_line(i);
		if (i % 64 == 63)
			turn(&end);
	}
	/* Nobody has read a byte, and we are here. Now somebody reads. */
	while (!strstr(pipe_read(&end), "event=log_lines_lost"))
		turn(&end);
	told = strstr(end.text, "event=log_lines_lost lines=");
	assert_int_equal(sscanf(told, "event=log_lines_lost lines=%d\n", &lost), 1);
	found = check_lines(end.text);
	assert_true(lost > 0);
	assert_int_equal(found + lost, MANY);
	pipe_finish(&end);
}

static void a_reader_that_has_left_is_survived(void **state)
{
	struct pipe_end end;

	(void)state;
	pipe_begin(&end);
	log_queue_start(end.base);
	close(end.read_fd);
	put_line(1);
	turn(&end);
	put_line(2);
	pipe_finish(&end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_leave_at_the_end_of_the_turn),
	    cmocka_unit_test(a_line_that_leaves_at_once_takes_the_earlier_ones_along),
	    cmocka_unit_test(without_a_queue_they_leave_at_once),
	    cmocka_unit_test(the_end_writes_what_waits),
	    cmocka_unit_test(who_does_not_read_makes_nobody_wait_and_is_told_what_was_lost),
	    cmocka_unit_test(a_reader_that_has_left_is_survived),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

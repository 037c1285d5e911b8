/* Errors and logs: messages that can be printed as they stand, and lines that stay lines whatever is in them. */
#include "shared/err.h"
#include "shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define WRITERS 4
#define LINES	400

static void setting_an_error_fills_it_and_is_false(void **state)
{
	struct err err = {ERR_NONE, ""};
	(void)state;
	assert_false(err_set(&err, ERR_BAD_WINDOW, "window %d of %s", 7, "today"));
	assert_int_equal(err.code, ERR_BAD_WINDOW);
	assert_string_equal(err.message, "window 7 of today");
	assert_false(err_set(NULL, ERR_INTERNAL, "nobody asks"));
	assert_false(err_context(NULL, "nobody asks"));
}

static void context_stands_before_the_message(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, ERR_CONFIG, "not a number");
	assert_false(err_context(&err, "line %d", 12));
	assert_false(err_context(&err, "%s", "muster.conf"));
	assert_string_equal(err.message, "muster.conf: line 12: not a number");
	assert_int_equal(err.code, ERR_CONFIG);
}

static void an_error_can_quote_itself(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, ERR_BROKER, "refused");
	err_set(&err, ERR_INTERNAL, "after '%s'", err.message);
	assert_string_equal(err.message, "after 'refused'");
	err_context(&err, "(%s)", err.message);
	assert_string_equal(err.message, "(after 'refused'): after 'refused'");
}

/* Fails unless `text` is whole UTF-8 of two-byte characters, but for the ASCII in it. */
static void assert_no_torn_character(const char *text)
{
	for (size_t i = 0; text[i]; i++)
		if ((unsigned char)text[i] >= 0xc0)
			assert_true(((unsigned char)text[++i] & 0xc0) == 0x80);
}

static void long_messages_are_cut_between_characters(void **state)
{
	struct err err;
	char text[1200];
	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	for (int shift = 0; shift < 4; shift++) {
		err_set(&err, ERR_INTERNAL, "%.*s%s", shift, "abc", text);
		assert_no_torn_character(err.message);
		assert_in_range(strlen(err.message), sizeof(err.message) - 2, sizeof(err.message) - 1);
		err_context(&err, "%.*s", shift + 1, "wxyz");
		assert_no_torn_character(err.message);
		assert_in_range(strlen(err.message), sizeof(err.message) - 2, sizeof(err.message) - 1);
		err_context(&err, "%s", text);
		assert_no_torn_character(err.message);
	}
}

static void codes_have_a_word_a_status_and_a_title(void **state)
{
	(void)state;
	assert_string_equal(err_word(ERR_IDEMPOTENCY_CONFLICT), "idempotency_conflict");
	assert_int_equal(err_http_status(ERR_IDEMPOTENCY_CONFLICT), 409);
	assert_string_equal(err_word(ERR_OUTCOME_UNKNOWN), "outcome_unknown");
	assert_int_equal(err_http_status(ERR_OUTCOME_UNKNOWN), 503);
	assert_int_equal(err_http_status(ERR_NONE), 200);
	assert_string_equal(err_word((enum err_code)9999), "internal");
	assert_int_equal(err_http_status((enum err_code)9999), 500);
	for (int i = 0; i <= ERR_INTERNAL; i++) {
		assert_true(strlen(err_title((enum err_code)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(err_word((enum err_code)i), err_word((enum err_code)j));
	}
}

/* Standard error goes into a file until capture_end. */
struct capture {
	int file;
	int stderr_before;
};

static struct capture capture_begin(void)
{
	char path[] = "/tmp/muster-test-log-XXXXXX";
	struct capture capture = {.file = mkstemp(path), .stderr_before = dup(STDERR_FILENO)};

	assert_true(capture.file >= 0 && capture.stderr_before >= 0);
	assert_int_equal(unlink(path), 0);
	assert_true(dup2(capture.file, STDERR_FILENO) >= 0);
	return capture;
}

/* What was written, as a text to be freed; standard error is again what it was. */
static char *capture_end(struct capture capture)
{
	off_t size = lseek(capture.file, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	assert_int_equal(pread(capture.file, text, (size_t)size, 0), size);
	assert_true(dup2(capture.stderr_before, STDERR_FILENO) >= 0);
	close(capture.stderr_before);
	close(capture.file);
	return text;
}

#define LINE_HEAD "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void a_line_has_time_level_program_event_and_pairs(void **state)
{
	struct capture capture = capture_begin();
	char *text;
	(void)state;
	log_open("muster-test", LOG_INFO);
	errno = ENOENT;
	log_event(LOG_INFO, "window_sealed", "window_id", "w-17.5", "groups", log_int(-42), NULL);
	assert_int_equal(errno, ENOENT);
	text = capture_end(capture);
	assert_true(matches(text, LINE_HEAD "level=info program=muster-test event=window_sealed "
					    "window_id=w-17\\.5 groups=-42\n$"));
	free(text);
}

static void a_closed_standard_error_is_survived(void **state)
{
	int stderr_before = dup(STDERR_FILENO);
	int errno_after;
	(void)state;
	assert_true(stderr_before >= 0);
	close(STDERR_FILENO);
	errno = ENOENT;
	log_event(LOG_ERROR, "nobody_reads", NULL);
	errno_after = errno;
	assert_true(dup2(stderr_before, STDERR_FILENO) >= 0);
	close(stderr_before);
	assert_int_equal(errno_after, ENOENT);
}

static void values_that_could_mislead_are_quoted(void **state)
{
	static const char *const cases[][2] = {
	    {"two words", "\"two words\""},
	    {"", "\"\""},
	    {"a=b", "\"a=b\""},
	    {"say \"hi\"", "\"say \\\"hi\\\"\""},
	    {"back\\slash", "\"back\\\\slash\""},
	    {"one\ntwo\r\tthree", "\"one\\ntwo\\r\\tthree\""},
	    {"\x1b[31mred\x7f", "\"\\x1b[31mred\\x7f\""},
	    {"caf\xc3\xa9\x01", "\"caf\\xc3\\xa9\\x01\""},
	    {"plain-[a.b/c:d]'", "plain-[a.b/c:d]'"},
	    {NULL, "\"\""},
	};
	(void)state;
	log_open("muster-test", LOG_INFO);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture capture = capture_begin();
		char *text, *value;

		log_event(LOG_WARN, "odd_value", "v", cases[i][0], "after", "x", NULL);
		text = capture_end(capture);
		value = strstr(text, " v=");
		assert_non_null(value);
		assert_int_equal(strncmp(value + 3, cases[i][1], strlen(cases[i][1])), 0);
		assert_string_equal(value + 3 + strlen(cases[i][1]), " after=x\n");
		free(text);
	}
}

static void lines_below_the_least_level_are_dropped(void **state)
{
	struct capture capture = capture_begin();
	char *text;
	(void)state;
	log_open("muster-test", LOG_WARN);
	log_event(LOG_DEBUG, "one", NULL);
	log_event(LOG_INFO, "two", NULL);
	log_event(LOG_WARN, "three", NULL);
	log_event(LOG_ERROR, "four", NULL);
	text = capture_end(capture);
	assert_true(matches(text, LINE_HEAD "level=warn program=muster-test event=three\ntime=[^ ]* level=error "
					    "program=muster-test event=four\n$"));
	free(text);
}

/* One event with `length` characters `c` in its value, and a pair after it. Returns the line, to be freed. */
static char *log_long_value(char c, size_t length)
{
	struct capture capture;
	char *value = malloc(length + 1);
	char *text;

	assert_non_null(value);
	memset(value, c, length);
	value[length] = '\0';
	capture = capture_begin();
	log_event(LOG_INFO, "long_value", "first", "1", "v", value, "after", "tail", NULL);
	text = capture_end(capture);
	free(value);
	return text;
}

static void a_line_that_is_too_long_is_cut_and_says_so(void **state)
{
	static const char kinds[] = {'x', ' ', '\n', '\x01'};
	(void)state;
	log_open("muster-test", LOG_INFO);
	for (size_t kind = 0; kind < sizeof(kinds); kind++) {
		for (size_t length = 900; length < 10000; length += (length > 3850 && length < 4100) ? 1 : 59) {
			char *text = log_long_value(kinds[kind], length);
			size_t size = strlen(text);
			char *newline = strchr(text, '\n');

			assert_true(size <= 4096);
			assert_ptr_equal(newline, text + size - 1);
			/* Whole with the pair after it, or cut: in the value, or at the pair that had no room left. */
			if (!strstr(text, " after=tail\n"))
				assert_true(strcmp(text + size - 5, "...\"\n") == 0 ||
					    strcmp(text + size - 5, " ...\n") == 0);
			if (length >= 4100)
				assert_string_equal(text + size - 5, "...\"\n");
			free(text);
		}
	}
}

static void child_writes_lines(int writer)
{
	char filler[900];

	memset(filler, 'a' + writer, sizeof(filler));
	filler[100 + writer * 200] = '\0';
	log_open("muster-child", LOG_INFO);
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "tick", "writer", log_int(writer), "n", log_int(i), "filler", filler, NULL);
	_exit(0);
}

/* Reads all lines of the children: each must be whole, and each writer's numbers must come in their order. */
static void read_lines(FILE *in, int *next)
{
	char line[8192];

	while (fgets(line, sizeof(line), in)) {
		char *pairs = strstr(line, " event=tick writer=");
		char filler[1024];
		int writer, n;

		assert_true(strncmp(line, "time=", 5) == 0);
		assert_non_null(pairs);
		assert_int_equal(sscanf(pairs, " event=tick writer=%d n=%d filler=%1023s", &writer, &n, filler), 3);
		assert_in_range(writer, 0, WRITERS - 1);
		assert_int_equal(n, next[writer]++);
		assert_int_equal(strlen(filler), 100 + writer * 200);
		assert_int_equal(strspn(filler, (char[]){(char)('a' + writer), '\0'}), strlen(filler));
		assert_string_equal(strstr(pairs, filler) + strlen(filler), "\n");
	}
}

static void lines_of_several_processes_do_not_mix(void **state)
{
	int next[WRITERS] = {0};
	pid_t pids[WRITERS];
	int ends[2];
	FILE *in;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			(void)dup2(ends[1], STDERR_FILENO);
			close(ends[0]);
			close(ends[1]);
			child_writes_lines(i);
		}
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	assert_non_null(in);
	read_lines(in, next);
	fclose(in);
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
		assert_int_equal(next[i], LINES);
	}
}

static void numbers_of_one_call_do_not_disturb_each_other(void **state)
{
	const char *texts[16];
	(void)state;
	for (int i = 0; i < 16; i++)
		texts[i] = log_int(i * 1000);
	for (int i = 0; i < 16; i++)
		assert_int_equal(atoi(texts[i]), i * 1000);
	assert_string_equal(log_int(INT64_MIN), "-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(setting_an_error_fills_it_and_is_false),
	    cmocka_unit_test(context_stands_before_the_message),
	    cmocka_unit_test(an_error_can_quote_itself),
	    cmocka_unit_test(long_messages_are_cut_between_characters),
	    cmocka_unit_test(codes_have_a_word_a_status_and_a_title),
	    cmocka_unit_test(a_line_has_time_level_program_event_and_pairs),
	    cmocka_unit_test(a_closed_standard_error_is_survived),
	    cmocka_unit_test(values_that_could_mislead_are_quoted),
	    cmocka_unit_test(lines_below_the_least_level_are_dropped),
	    cmocka_unit_test(a_line_that_is_too_long_is_cut_and_says_so),
	    cmocka_unit_test(lines_of_several_processes_do_not_mix),
	    cmocka_unit_test(numbers_of_one_call_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

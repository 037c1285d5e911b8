/* Where secrets come from, which place goes first, and what is said of those that cannot be used: the variable and the
 * file, never what stands in it. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/config.h"
#include "shared/secret_file.h"

/* A folder with files, and a configuration with the brokers `paper` and `a_b`. */
struct fixture {
	char folder[64];
	struct config config;
	struct err err;
	size_t warnings;
	char warning[512];
};

static const char *const variables[] = {
    "MUSTER_REDIS_URL",
    "MUSTER_REDIS_URL_FILE",
    "MUSTER_BROKER_PAPER_KEY_ID",
    "MUSTER_BROKER_PAPER_KEY_ID_FILE",
    "MUSTER_BROKER_PAPER_KEY_SECRET",
    "MUSTER_BROKER_PAPER_KEY_SECRET_FILE",
    "MUSTER_BROKER_A_B_KEY_ID",
    "MUSTER_BROKER_A_B_KEY_ID_FILE",
    "MUSTER_BROKER_A_KEY_ID_FILE",
    "CREDENTIALS_DIRECTORY",
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/muster-secrets-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	config_init(&fixture->config);
	assert_true(config_set(&fixture->config, "broker.paper.lot=1", NULL));
	assert_true(config_set(&fixture->config, "broker.a_b.lot=1", NULL));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	DIR *folder = opendir(fixture->folder);
	struct dirent *entry;

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		(void)unsetenv(variables[i]);
	while ((entry = readdir(folder)))
		(void)unlinkat(dirfd(folder), entry->d_name, 0);
	(void)closedir(folder);
	(void)rmdir(fixture->folder);
	free(fixture);
	return 0;
}

/* The path of a file of the folder, good until the next call but one. */
static const char *path_of(const struct fixture *fixture, const char *name)
{
	static char paths[2][160];
	static unsigned next;
	char *path = paths[next++ % 2];

	(void)snprintf(path, sizeof paths[0], "%s/%s", fixture->folder, name);
	return path;
}

static const char *write_bytes(const struct fixture *fixture, const char *name, const char *bytes, size_t length)
{
	const char *path = path_of(fixture, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static const char *write_text(const struct fixture *fixture, const char *name, const char *text)
{
	return write_bytes(fixture, name, text, strlen(text));
}

static void keep_warning(const struct err *warning, void *arg)
{
	struct fixture *fixture = arg;

	fixture->warnings++;
	(void)snprintf(fixture->warning, sizeof fixture->warning, "%s", warning->message);
}

static void keep_problem(const struct err *problem, void *arg)
{
	((struct fixture *)arg)->err = *problem;
}

/* Reads all secrets; the number of problems. */
static size_t take(struct fixture *fixture)
{
	fixture->warnings = 0;
	return config_tell_secrets(&fixture->config, keep_problem, keep_warning, fixture);
}

static const char *key_id(struct fixture *fixture, const char *broker)
{
	assert_int_equal(take(fixture), 0);
	return config_broker(&fixture->config, broker)->key_id;
}

static void first_place_that_has_it_counts(void **state)
{
	struct fixture *fixture = *state;

	(void)snprintf(fixture->config.brokers[0].key_id, CONFIG_TEXT_SIZE, "of-the-configuration");
	assert_string_equal(key_id(fixture, "paper"), "of-the-configuration");
	(void)write_text(fixture, "broker.paper.key_id", "of-a-credential\n");
	(void)write_text(fixture, "broker.a_b.key_id", "of-the-other");
	(void)write_text(fixture, "tls.key", "of another program");
	setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
	assert_string_equal(key_id(fixture, "paper"), "of-a-credential");
	assert_string_equal(key_id(fixture, "a_b"), "of-the-other");
	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", write_text(fixture, "named", "of-a-file\n"), 1);
	assert_string_equal(key_id(fixture, "paper"), "of-a-file");
	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", "", 1); /* not set, as services say it */
	setenv("MUSTER_BROKER_PAPER_KEY_ID", "of-the-environment", 1);
	assert_string_equal(key_id(fixture, "paper"), "of-the-environment");
	assert_string_equal(key_id(fixture, "a_b"), "of-the-other");
}

static void url_of_redis_has_the_same_places(void **state)
{
	struct fixture *fixture = *state;

	(void)write_text(fixture, "redis.url", "redis://:p1@h/1\n");
	setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
	assert_int_equal(take(fixture), 0);
	assert_string_equal(fixture->config.redis.url, "redis://:p1@h/1");
	setenv("MUSTER_REDIS_URL_FILE", write_text(fixture, "url", "redis://:p2@h/2"), 1);
	assert_int_equal(take(fixture), 0);
	assert_string_equal(fixture->config.redis.url, "redis://:p2@h/2");
	unsetenv("MUSTER_REDIS_URL_FILE");
	setenv("MUSTER_REDIS_URL", "redis://:p3@h/3", 1);
	assert_int_equal(take(fixture), 0);
	assert_string_equal(fixture->config.redis.url, "redis://:p3@h/3");
}

static void variable_and_file_together_are_refused(void **state)
{
	struct fixture *fixture = *state;

	setenv("MUSTER_BROKER_PAPER_KEY_ID", "hunter2", 1);
	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", write_text(fixture, "f", "hunter2"), 1);
	assert_int_equal(take(fixture), 1);
	assert_string_equal(fixture->err.message, "MUSTER_BROKER_PAPER_KEY_ID and MUSTER_BROKER_PAPER_KEY_ID_FILE are "
						  "both set; unset one of them");
	assert_string_equal(config_broker(&fixture->config, "paper")->key_id, "");
}

/* One file that cannot be used, as named by a variable and as a credential. */
static void assert_refused(struct fixture *fixture, const char *path, const char *why)
{
	char expected[700];

	setenv("MUSTER_BROKER_PAPER_KEY_SECRET_FILE", path, 1);
	assert_int_equal(take(fixture), 1);
	(void)snprintf(expected, sizeof expected, "MUSTER_BROKER_PAPER_KEY_SECRET_FILE: %s: %s", path, why);
	if (strncmp(fixture->err.message, expected, strlen(expected)) != 0)
		fail_msg("%s, not: %s", fixture->err.message, expected);
	assert_null(strstr(fixture->err.message, "hunter2"));
	unsetenv("MUSTER_BROKER_PAPER_KEY_SECRET_FILE");
	assert_string_equal(config_broker(&fixture->config, "paper")->key_secret, "");
}

static void files_that_hold_no_secret_are_told_by_name(void **state)
{
	struct fixture *fixture = *state;
	char large[SECRET_FILE_MAX + 2];
	const char *fifo;

	memset(large, 'x', sizeof large);
	assert_refused(fixture, path_of(fixture, "none"), "No such file or directory");
	assert_refused(fixture, fixture->folder, "it is not a regular file");
	assert_refused(fixture, "/dev/null", "it is not a regular file");
	fifo = path_of(fixture, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_refused(fixture, fifo, "it is not a regular file");
	assert_refused(fixture, write_text(fixture, "f", ""), "it is empty");
	assert_refused(fixture, write_text(fixture, "f", "\n"), "it is empty");
	assert_refused(fixture, write_text(fixture, "f", "hunter2\nhunter3\n"), "it has a control character");
	assert_refused(fixture, write_text(fixture, "f", "hunter2\n\n"), "it has a control character");
	assert_refused(fixture, write_text(fixture, "f", "hunter2\r\n"), "it has a control character");
	assert_refused(fixture, write_bytes(fixture, "f", "hunter2\0", 8), "it has a control character");
	assert_refused(fixture, write_text(fixture, "f", "hunter2 hunter2"),
		       "broker.paper.key_secret: the value is not allowed; it must be printable ASCII");
	assert_refused(fixture, write_bytes(fixture, "f", large, CONFIG_TEXT_SIZE),
		       "broker.paper.key_secret: the value is not allowed");
	assert_refused(fixture, write_bytes(fixture, "f", large, SECRET_FILE_MAX + 1),
		       "it is larger than 4096 bytes, which no secret is");
	assert_refused(fixture, write_bytes(fixture, "f", large, SECRET_FILE_MAX),
		       "broker.paper.key_secret: the value");
}

static void longest_secret_of_a_file_is_taken(void **state)
{
	struct fixture *fixture = *state;
	char text[CONFIG_TEXT_SIZE + 1];

	memset(text, 'x', sizeof text);
	text[CONFIG_TEXT_SIZE - 1] = '\n';
	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", write_bytes(fixture, "f", text, CONFIG_TEXT_SIZE), 1);
	assert_int_equal(strlen(key_id(fixture, "paper")), CONFIG_TEXT_SIZE - 1);
}

static void secret_in_the_place_of_its_file_is_not_repeated(void **state)
{
	struct fixture *fixture = *state;

	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", "hunter2", 1);
	setenv("MUSTER_REDIS_URL_FILE", "redis://:hunter2@h", 1);
	assert_int_equal(take(fixture), 2);
	assert_string_equal(fixture->err.message,
			    "MUSTER_BROKER_PAPER_KEY_ID_FILE: the value must be the absolute path of a file that holds "
			    "the secret");
}

static void names_of_no_broker_are_refused(void **state)
{
	struct fixture *fixture = *state;

	setenv("MUSTER_BROKER_A_KEY_ID_FILE", "/hunter2", 1);
	assert_int_equal(take(fixture), 1);
	assert_int_equal(strncmp(fixture->err.message, "MUSTER_BROKER_A_KEY_ID_FILE: no such broker is configured", 56),
			 0);
	unsetenv("MUSTER_BROKER_A_KEY_ID_FILE");
	(void)write_text(fixture, "broker.real.key_id", "hunter2");
	setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
	assert_int_equal(take(fixture), 1);
	assert_int_equal(strncmp(fixture->err.message, "credential broker.real.key_id: no such broker", 45), 0);
	assert_null(strstr(fixture->err.message, "hunter2"));
	setenv("CREDENTIALS_DIRECTORY", "/nowhere/at/all", 1);
	assert_int_equal(take(fixture), 1);
	assert_string_equal(fixture->err.message, "CREDENTIALS_DIRECTORY: /nowhere/at/all: No such file or directory");
}

static void credential_that_cannot_be_used_is_told_by_name(void **state)
{
	struct fixture *fixture = *state;
	char expected[256];

	(void)snprintf(expected, sizeof expected, "credential broker.paper.key_id: %s: it is empty",
		       write_text(fixture, "broker.paper.key_id", "\n"));
	setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
	assert_int_equal(take(fixture), 1);
	assert_string_equal(fixture->err.message, expected);
}

static void file_that_is_open_to_others_is_taken_with_a_warning(void **state)
{
	static const struct {
		mode_t mode;
		size_t warnings;
	} rows[] = {{0400, 0}, {0440, 0}, {0600, 0}, {0640, 0}, {0644, 1}, {0444, 1}, {0660, 1}, {0602, 1}};
	struct fixture *fixture = *state;
	const char *path = write_text(fixture, "f", "hunter2-hunter2");

	setenv("MUSTER_BROKER_PAPER_KEY_ID_FILE", path, 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(chmod(path, rows[i].mode), 0);
		assert_string_equal(key_id(fixture, "paper"), "hunter2-hunter2");
		assert_int_equal(fixture->warnings, rows[i].warnings);
	}
	assert_non_null(strstr(fixture->warning, "MUSTER_BROKER_PAPER_KEY_ID_FILE: /tmp/"));
	assert_non_null(strstr(fixture->warning, "(mode 0602); chmod 640 mends that"));
	assert_null(strstr(fixture->warning, "hunter2"));
}

static void secrets_leave_the_environment_byte_by_byte(void **state)
{
	static char url[] = "MUSTER_REDIS_URL=hunter2", id[] = "MUSTER_BROKER_PAPER_KEY_ID=hunter3";
	static char other[] = "MUSTER_REDIS_UR=stays";

	(void)state;
	assert_int_equal(putenv(url), 0);
	assert_int_equal(putenv(id), 0);
	assert_int_equal(putenv(other), 0);
	config_wipe_environment();
	assert_null(getenv("MUSTER_REDIS_URL"));
	assert_null(getenv("MUSTER_BROKER_PAPER_KEY_ID"));
	assert_string_equal(getenv("MUSTER_REDIS_UR"), "stays");
	assert_memory_equal(url + 17, "\0\0\0\0\0\0\0", 7);
	assert_memory_equal(id + 27, "\0\0\0\0\0\0\0", 7);
	(void)unsetenv("MUSTER_REDIS_UR");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(first_place_that_has_it_counts),
	    TEST(url_of_redis_has_the_same_places),
	    TEST(variable_and_file_together_are_refused),
	    TEST(files_that_hold_no_secret_are_told_by_name),
	    TEST(longest_secret_of_a_file_is_taken),
	    TEST(secret_in_the_place_of_its_file_is_not_repeated),
	    TEST(names_of_no_broker_are_refused),
	    TEST(credential_that_cannot_be_used_is_told_by_name),
	    TEST(file_that_is_open_to_others_is_taken_with_a_warning),
	    cmocka_unit_test(secrets_leave_the_environment_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

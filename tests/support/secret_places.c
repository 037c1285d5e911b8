/* See secret_places.h. */
#include "tests/support/secret_places.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define PLACES_MAX 256

struct place {
	char *name, *bytes;
	size_t length;
};

struct secret_places {
	struct place places[PLACES_MAX];
	size_t count;
};

/* What nftw cannot hand on to its function. */
static struct {
	struct secret_places *places;
	size_t files;
} walk;

struct secret_places *secret_places_new(void)
{
	struct secret_places *places = calloc(1, sizeof *places);

	if (!places)
		abort();
	return places;
}

void secret_places_free(struct secret_places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->count; i++) {
		free(places->places[i].name);
		free(places->places[i].bytes);
	}
	free(places);
}

/* Adds a place whose bytes are given away. */
static void add(struct secret_places *places, const char *name, char *take_bytes, size_t length, const char *word)
{
	assert_true(places->count < PLACES_MAX);
	places->places[places->count++] = (struct place){strdup(name), take_bytes, length};
	if (word && !memmem(take_bytes, length, word, strlen(word)))
		fail_msg("%s: \"%s\" does not stand in it (%zu bytes): %.400s", name, word, length, take_bytes);
}

void secret_places_add(struct secret_places *places, const char *name, const void *bytes, size_t length,
		       const char *word)
{
	char *copy = malloc(length + 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	add(places, name, copy, length, word);
}

void secret_places_add_text(struct secret_places *places, const char *name, const char *text, const char *word)
{
	secret_places_add(places, name, text, strlen(text), word);
}

/* All bytes of a file, also of one of /proc, whose size is not known before; false with errno where it cannot be read.
 */
static bool add_file(struct secret_places *places, const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	size_t length = 0, size = 1 << 16, got;
	char *bytes = malloc(size + 1);

	if (!bytes)
		abort();
	if (!file) {
		free(bytes);
		return false;
	}
	while ((got = fread(bytes + length, 1, size - length, file)) > 0) {
		length += got;
		if (length == size && !(bytes = realloc(bytes, (size *= 2) + 1)))
			abort();
	}
	bytes[length] = '\0';
	(void)fclose(file);
	add(places, path, bytes, length, word);
	return true;
}

void secret_places_add_file(struct secret_places *places, const char *path, const char *word)
{
	if (!add_file(places, path, word))
		fail_msg("%s: %s", path, strerror(errno));
}

/* All texts of a reply, one a line. */
static void write_reply(FILE *out, const redisReply *reply)
{
	for (size_t i = 0; i < reply->elements; i++)
		write_reply(out, reply->element[i]);
	if (reply->str) {
		(void)fwrite(reply->str, 1, reply->len, out);
		(void)fputc('\n', out);
	}
}

char *secret_places_reply_text(const redisReply *reply)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		abort();
	write_reply(out, reply);
	if (fclose(out) != 0)
		abort();
	return text;
}

/* One entry of a folder. */
static int add_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)at;
	if (type != FTW_F || !S_ISREG(status->st_mode))
		return 0;
	secret_places_add_file(walk.places, path, NULL);
	walk.files++;
	return 0;
}

size_t secret_places_add_folder(struct secret_places *places, const char *path, const char *word)
{
	size_t before = secret_places_count(places, word, NULL);

	walk.places = places;
	walk.files = 0;
	assert_int_equal(nftw(path, add_entry, 8, FTW_PHYS), 0);
	if (secret_places_count(places, word, NULL) == before)
		fail_msg("%s: \"%s\" stands in none of its %zu files", path, word, walk.files);
	return walk.files;
}

void secret_places_add_process(struct secret_places *places, const struct process *process, const char *word)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process_pid(process));
	secret_places_add_file(places, path, "muster-");
	(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)process_pid(process));
	if (!add_file(places, path, word) && errno != EACCES && errno != EPERM)
		fail_msg("%s: %s", path, strerror(errno));
}

size_t secret_places_count(const struct secret_places *places, const char *word, const char **where)
{
	size_t count = 0;

	for (size_t i = 0; i < places->count; i++) {
		const struct place *place = &places->places[i];

		if (!memmem(place->bytes, place->length, word, strlen(word)))
			continue;
		if (count++ == 0 && where)
			*where = place->name;
	}
	return count;
}

size_t secret_places_size(const struct secret_places *places)
{
	return places->count;
}

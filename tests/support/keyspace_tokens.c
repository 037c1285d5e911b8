/* What is a time, a block or a stream id is recognised by its form and by lying within the test's own time. */
#include "tests/support/keyspace_tokens.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MS	   13
#define DIGITS_US	   16
#define DIGITS_SECONDS_HEX 8
#define ARRIVAL_SLACK_US   1000 /* orders of one call arrive a microsecond apart, which is ahead of the clock */

struct duration {
	const char *name;
	int64_t ms;
};

#define X(name, ms) {name, ms},
static const struct duration durations[] = {{"", 0}, KEYSPACE_DURATIONS(X)};
#undef X
#define DURATIONS (sizeof durations / sizeof durations[0])

static const char *const streams[] = {"muster:{0}:transactions", "muster:{0}:house", "muster:{0}:halts:log"};

/* "<now+lease>" for a time in milliseconds; false where it is none of this test's. */
static bool write_ms(FILE *out, const struct tokens *tokens, int64_t ms)
{
	for (size_t i = 0; i < DURATIONS; i++) {
		int64_t at = ms - durations[i].ms;

		if (at < tokens->start_us / 1000 || at > tokens->end_us / 1000)
			continue;
		(void)fprintf(out, "<%s%s%s>", at < tokens->mark_us / 1000 ? "then" : "now", i ? "+" : "",
			      durations[i].name);
		return true;
	}
	return false;
}

/* The same in microseconds. */
static bool write_us(FILE *out, const struct tokens *tokens, int64_t us)
{
	if (us < tokens->start_us || us > tokens->end_us + ARRIVAL_SLACK_US)
		return false;
	(void)fprintf(out, "<%s_us>", us < tokens->mark_us ? "then" : "now");
	return true;
}

/* How many characters of `text` are an id of a stream; its word is written. */
static size_t write_stream_id(FILE *out, const struct snapshot *snapshot, const char *text, size_t length)
{
	for (size_t s = 0; snapshot && s < sizeof streams / sizeof streams[0]; s++) {
		const struct snapshot_key *key = snapshot_find(snapshot, streams[s]);

		for (size_t i = 0; key && i < key->count; i++) {
			const char *id = key->elements[i].name;

			if (strlen(id) < length || strncmp(text, id, strlen(id)) != 0 ||
			    isalnum((unsigned char)text[strlen(id)]))
				continue;
			(void)fprintf(out, "<%c%zu>", strrchr(streams[s], ':')[1], i + 1);
			return strlen(id);
		}
	}
	return 0;
}

/* How many characters of `text` are a block's id (`length`: of its first word); its word is written. */
static size_t write_block(FILE *out, const struct tokens *tokens, const char *text, size_t length)
{
	const char *counter = text + length + 1;
	size_t digits;
	int64_t seconds;

	if (length != DIGITS_SECONDS_HEX || text[length] != '-')
		return 0;
	digits = strspn(counter, "0123456789abcdef");
	seconds = strtoll(text, NULL, 16);
	if (!digits || isalnum((unsigned char)counter[digits]) || seconds < tokens->start_us / 1000000 ||
	    seconds > tokens->end_us / 1000000)
		return 0;
	(void)fprintf(out, "<b%.*s>", (int)digits, counter);
	return length + 1 + digits;
}

/* How many characters of `text`, which begins a word of hexadecimal digits, were written as something stable. */
static size_t write_word(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *text)
{
	size_t length = strspn(text, "0123456789abcdef"), digits = strspn(text, "0123456789"), taken;

	if (isalnum((unsigned char)text[length]))
		return 0;
	taken = write_block(out, tokens, text, length);
	if (taken || digits != length)
		return taken;
	taken = digits == DIGITS_MS ? write_stream_id(out, snapshot, text, length) : 0;
	if (taken)
		return taken;
	if (digits == DIGITS_MS && strncmp(text, KEYSPACE_DUE, digits) == 0)
		return fputs("<due>", out) < 0 ? 0 : digits;
	if ((digits == DIGITS_MS && write_ms(out, tokens, strtoll(text, NULL, 10))) ||
	    (digits == DIGITS_US && write_us(out, tokens, strtoll(text, NULL, 10))))
		return digits;
	return 0;
}

void tokens_write(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *text)
{
	bool in_word = false;

	while (*text) {
		size_t taken = in_word ? 0 : write_word(out, tokens, snapshot, text);

		if (!taken)
			(void)fputc(*text, out);
		in_word = isalnum((unsigned char)text[taken ? taken - 1 : 0]);
		text += taken ? taken : 1;
	}
}

/* The id of the block with this counter; false where there is none. */
static bool expand_block(FILE *out, const struct snapshot *snapshot, const char *counter)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const char *id = strstr(snapshot->keys[i].name, ":block:");
		const char *dash = id ? strchr(id, '-') : NULL;

		if (dash && strcmp(dash + 1, counter) == 0)
			return fputs(id + strlen(":block:"), out) >= 0;
	}
	return false;
}

/* Writes what one word stands for. */
static bool expand(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *word)
{
	if (strcmp(word, "grid") == 0)
		return fputs(KEYSPACE_GRID, out) >= 0;
	if (strcmp(word, "due") == 0)
		return fputs(KEYSPACE_DUE, out) >= 0;
	if (strcmp(word, "now") == 0 || strcmp(word, "then") == 0)
		return fprintf(out, "%" PRId64, (*word == 'n' ? tokens->mark_us : tokens->start_us) / 1000) > 0;
	for (size_t i = 1; i < DURATIONS; i++)
		if (strcmp(word, durations[i].name) == 0)
			return fprintf(out, "%" PRId64, durations[i].ms) > 0;
	return *word == 'b' && expand_block(out, snapshot, word + 1);
}

bool tokens_expand(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *text)
{
	while (*text) {
		const char *end = *text == '<' ? strchr(text, '>') : NULL;
		char word[32];

		if (!end) {
			(void)fputc(*text++, out);
			continue;
		}
		(void)snprintf(word, sizeof word, "%.*s", (int)(end - text - 1), text + 1);
		if (!expand(out, tokens, snapshot, word)) {
			(void)fprintf(stderr, "keyspace: <%s> stands for nothing that is there\n", word);
			return false;
		}
		text = end + 1;
	}
	return true;
}

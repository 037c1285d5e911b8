/* The arguments of a script call, kept in the form in which they go over the wire (RESP bulk strings). A commit batch
 * has thousands of them: each costs one memcpy here and no allocation, and the call then copies the whole in one piece.
 */
#include "shared/redis_link_private.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 1024
#define DIGITS_MAX     20
#define FRAME_MAX      (1 + DIGITS_MAX + 2 + 2) /* "$", length, CR LF before and after */

struct script_args *script_args_new(void)
{
	return redis_alloc(sizeof(struct script_args));
}

void script_args_free(struct script_args *args)
{
	if (!args)
		return;
	free(args->bytes);
	free(args);
}

void script_args_reset(struct script_args *args)
{
	args->length = 0;
	args->count = 0;
}

/* Makes room for `more` bytes; doubles, so that growing costs nothing in the long run. */
static void reserve(struct script_args *args, size_t more)
{
	size_t capacity = args->capacity ? args->capacity : CAPACITY_FIRST;

	if (args->length + more <= args->capacity)
		return;
	while (capacity < args->length + more)
		capacity *= 2;
	args->bytes = realloc(args->bytes, capacity);
	if (!args->bytes)
		abort();
	args->capacity = capacity;
}

/* Writes a number in decimal and returns how many characters it took. */
static size_t write_digits(char *out, uint64_t value)
{
	char digits[DIGITS_MAX];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	return count;
}

void script_args_add_bytes(struct script_args *args, const void *bytes, size_t length)
{
	char *out;

	reserve(args, length + FRAME_MAX);
	out = args->bytes + args->length;
	*out++ = '$';
	out += write_digits(out, length);
	*out++ = '\r';
	*out++ = '\n';
	if (length)
		memcpy(out, bytes, length);
	out += length;
	*out++ = '\r';
	*out++ = '\n';
	args->length = (size_t)(out - args->bytes);
	args->count++;
}

void script_args_add_raw(struct script_args *args, const void *bytes, size_t length)
{
	reserve(args, length);
	if (length)
		memcpy(args->bytes + args->length, bytes, length);
	args->length += length;
}

void script_args_add(struct script_args *args, const char *text)
{
	script_args_add_bytes(args, text, strlen(text));
}

void script_args_add_int(struct script_args *args, int64_t value)
{
	char text[DIGITS_MAX + 1];
	size_t length = 0;

	if (value < 0)
		text[length++] = '-';
	length += write_digits(text + length, value < 0 ? -(uint64_t)value : (uint64_t)value);
	script_args_add_bytes(args, text, length);
}

size_t script_args_count(const struct script_args *args)
{
	return args->count;
}

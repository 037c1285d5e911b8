/* The fields of a JSON object, taken apart by a table: what is unknown, missing, null or of the wrong type is told. */
#ifndef MUSTER_API_FIELDS_H
#define MUSTER_API_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "api/problems.h"

enum field_type { FIELD_TEXT, FIELD_DECIMAL /* a string or a number */, FIELD_BOOL, FIELD_ARRAY };

struct field {
	const char *name;
	enum field_type type;
	bool required;
};

#define FIELDS_MAX 16

/* values[i] belongs to table[i]. */
struct fields {
	const json_t *values[FIELDS_MAX]; /* borrowed; NULL where it is absent or was told as a problem */
	bool given[FIELDS_MAX];		  /* it is there, be it right or wrong */
};

/* An object and the table of `count` rows (at most FIELDS_MAX) that it is read by. */
struct fields_source {
	const json_t *object;
	const struct field *table;
	size_t count;
};

/* false where it told a problem; what is right is in `fields` all the same. `place` is that of the object. */
bool fields_read(struct fields_source source, struct fields *fields, struct problems *problems, struct place place);

#endif

/* Fields of objects. An object is walked once, so that an unknown field costs no more than a known one. */
#include "api/fields.h"

#include <assert.h>
#include <string.h>

/* What a value of the type is called in a message. */
static const char *const type_words[] = {
    [FIELD_TEXT] = "a string",
    [FIELD_DECIMAL] = "a decimal, as a string or a number",
    [FIELD_BOOL] = "true or false",
    [FIELD_ARRAY] = "an array",
};

/* Whether a value can be what the field is. */
static bool type_fits(const json_t *value, enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_DECIMAL:
		return json_is_string(value) || json_is_number(value);
	case FIELD_BOOL:
		return json_is_boolean(value);
	case FIELD_ARRAY:
		return json_is_array(value);
	}
	return false;
}

/* The row of a name; source->count where there is none. */
static size_t row_of(const struct fields_source *source, const char *name)
{
	size_t row = 0;
	while (row < source->count && strcmp(source->table[row].name, name) != 0)
		row++;
	return row;
}

/* The value where it can be what the field is; NULL once the problem is told. */
static const json_t *field_take(enum field_type type, const json_t *value, struct problems *problems,
				struct place place)
{
	if (json_is_null(value))
		problems_add(problems, place, ERR_MISSING_FIELD, "it is null: leave it out, or say what it is");
	else if (!type_fits(value, type))
		problems_add(problems, place, ERR_BAD_TYPE, "it must be %s", type_words[type]);
	else
		return value;
	return NULL;
}

bool fields_read(struct fields_source source, struct fields *fields, struct problems *problems, struct place place)
{
	size_t before = problems->count;
	assert(source.count <= FIELDS_MAX);
	*fields = (struct fields){0};
	/* jansson's iterators take objects that they could change. */
	json_t *object = (json_t *)(uintptr_t)source.object;
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		place.field = json_object_iter_key(at);
		size_t row = row_of(&source, place.field);
		if (row == source.count) {
			problems_add(problems, place, ERR_UNKNOWN_FIELD, "there is no such field");
			continue;
		}
		fields->given[row] = true;
		fields->values[row] = field_take(source.table[row].type, json_object_iter_value(at), problems, place);
	}
	for (size_t row = 0; row < source.count; row++) {
		place.field = source.table[row].name;
		if (source.table[row].required && !fields->given[row])
			problems_add(problems, place, ERR_MISSING_FIELD, "it is needed");
	}
	return problems->count == before;
}

/* Looking into JSON answers in tests: by RFC 6901 pointers such as "/orders/0/status". */
#ifndef MUSTER_TEST_JSON_AT_H
#define MUSTER_TEST_JSON_AT_H

#include <stdint.h>

#include <jansson.h>

/* Borrowed; NULL where there is nothing. */
json_t *json_find(const json_t *json, const char *pointer);

/* Each fails the test, showing the JSON, where there is nothing of its kind. `json_text` takes a null as "null". */
json_t *json_at(const json_t *json, const char *pointer);
const char *json_text(const json_t *json, const char *pointer);
int64_t json_int(const json_t *json, const char *pointer);
int64_t json_nano(const json_t *json, const char *pointer); /* of a decimal string */

void json_assert_text(const json_t *json, const char *pointer, const char *expected, const char *file, int line);
void json_assert_int(const json_t *json, const char *pointer, int64_t expected, const char *file, int line);

#define assert_json_text(json, pointer, expected) json_assert_text(json, pointer, expected, __FILE__, __LINE__)
#define assert_json_int(json, pointer, expected)  json_assert_int(json, pointer, expected, __FILE__, __LINE__)

#endif

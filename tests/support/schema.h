/* Holds JSON against the schemas of src/api/page/openapi.json: type, required, properties, additionalProperties, enum,
 * items, pattern and $ref, which is all that the document uses; any other word in a schema fails the test. */
#ifndef MUSTER_TEST_SCHEMA_H
#define MUSTER_TEST_SCHEMA_H

#include <jansson.h>

/* Fails the test, saying where and why, where the value does not fit. `document` is what $ref points into. */
void schema_check(const json_t *document, const json_t *schema, const json_t *value, const char *where);

#endif

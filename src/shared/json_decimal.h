/* Decimals out of JSON: callers may send "190.25" or 190.25.
 *
 * jansson holds reals as doubles. A decimal with at most 15 significant digits survives that and is taken back exactly
 * as it was written; one with more cannot be told from its neighbours and must be sent as a string. */
#ifndef MUSTER_JSON_DECIMAL_H
#define MUSTER_JSON_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "shared/err.h"

/* ERR_BAD_TYPE for what is neither string nor number (also NULL), ERR_BAD_NUMBER for what is no exact decimal. */
bool json_decimal(const json_t *json, int64_t *nano, struct err *err) MUST_USE;

#endif

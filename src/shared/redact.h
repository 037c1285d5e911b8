/* Takes our own secrets out of texts of others: a broker that refuses a key may repeat it in its reason, a Redis that
 * does not know AUTH repeats its arguments, and such reasons are logged, stored and shown. */
#ifndef MUSTER_REDACT_H
#define MUSTER_REDACT_H

#include <stddef.h>

/* Writes '*' over every place of the `length` bytes where `secret` stands, also where it stands as JSON has it, with
 * backslashes before some characters. What it stood in may no longer be JSON, so this is for texts that nothing but a
 * reason is taken from. An empty secret stands nowhere. To be used on the whole text, before any of it is cut off: half
 * of a secret is not found. */
void redact(char *text, size_t length, const char *secret);

#endif

/* What a stack hands out and frees at its end: texts and replies. For the stack's own files only. */
#ifndef MUSTER_TEST_STACK_KEPT_H
#define MUSTER_TEST_STACK_KEPT_H

#include "tests/support/http_call.h"

struct kept {
	struct kept *next;
	char *text;		  /* or NULL */
	struct http_reply *reply; /* or NULL */
};

void kept_free(struct kept *kept);

#endif

/* The clients of a soak: each sends one request after the other under a key of its own, repeats it to either API until it is
 * answered, and keeps its own record of what it was told. The record is what the auditor believes. */
#ifndef MUSTER_TEST_SOAK_CLIENT_H
#define MUSTER_TEST_SOAK_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <jansson.h>

#include "tests/support/soak_plan.h"

#define SOAK_KINDS 8

struct soak_client {
	pthread_t thread;
	int number;
	uint64_t random;
	int api_ports[SOAK_APIS];
	atomic_bool *is_over; /* no new requests; the one in hand is brought to its answer */
	/* What came of it; to be read once the thread has ended. */
	json_t *accepted;   /* array of {idempotency_key, queue_id, orders} as they were first answered */
	json_t *violations; /* array of texts: answers that contradict each other, or are none of those promised */
	int64_t requests, tries, refused, replayed, canceled;
	int64_t kinds[SOAK_KINDS];
};

void soak_client_start(struct soak_client *client);
void soak_client_join(struct soak_client *client);
void soak_client_free(struct soak_client *client);

/* The name of a kind of request. */
const char *soak_kind_name(int kind);

#endif

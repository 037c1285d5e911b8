/* Many waiters, few messages: each message finds exactly those who wait for it, however many others there are. */
#include "api/waiter_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define OWNERS 5000
#define KEYS   700

struct owner {
	struct watch_list watches;
	unsigned told;
};

static void on_told(struct watch *watch, void *arg)
{
	struct owner *owner = watch->owner;

	owner->told++;
	waiter_index_remove(arg, watch);
}

/* Owner i waits for keys i % KEYS and (i * 7 + 1) % KEYS: never the same two. */
static void add_owner(struct waiter_index *index, struct owner *owner, unsigned i)
{
	char key[32];

	LIST_INIT(&owner->watches);
	(void)snprintf(key, sizeof key, "block %u", i % KEYS);
	waiter_index_add(index, key, owner, &owner->watches);
	(void)snprintf(key, sizeof key, "window %u", (i * 7 + 1) % KEYS);
	waiter_index_add(index, key, owner, &owner->watches);
}

static void each_message_tells_exactly_those_who_wait_for_it(void **state)
{
	struct waiter_index *index = waiter_index_new();
	struct owner *owners = calloc(OWNERS, sizeof *owners);
	(void)state;
	assert_non_null(owners);
	for (unsigned i = 0; i < OWNERS; i++)
		add_owner(index, &owners[i], i);
	waiter_index_tell(index, "block 3", on_told, index);
	waiter_index_tell(index, "block 3", on_told, index);
	waiter_index_tell(index, "window 3x", on_told, index);
	waiter_index_tell(index, "", on_told, index);
	for (unsigned i = 0; i < OWNERS; i++)
		assert_int_equal(owners[i].told, i % KEYS == 3);
	waiter_index_tell(index, "window 22", on_told, index);
	for (unsigned i = 0; i < OWNERS; i++) {
		assert_int_equal(owners[i].told, (i % KEYS == 3) + ((i * 7 + 1) % KEYS == 22));
		while (!LIST_EMPTY(&owners[i].watches))
			waiter_index_remove(index, LIST_FIRST(&owners[i].watches));
	}
	waiter_index_free(index); /* asserts that it is empty */
	free(owners);
}

static void an_owner_that_left_is_not_told(void **state)
{
	struct waiter_index *index = waiter_index_new();
	struct owner staying = {.told = 0}, leaving = {.told = 0};
	(void)state;
	add_owner(index, &staying, 1);
	add_owner(index, &leaving, 1);
	while (!LIST_EMPTY(&leaving.watches))
		waiter_index_remove(index, LIST_FIRST(&leaving.watches));
	waiter_index_tell(index, "block 1", on_told, index);
	waiter_index_tell(index, "window 8", on_told, index);
	assert_int_equal(staying.told, 2);
	assert_int_equal(leaving.told, 0);
	assert_true(LIST_EMPTY(&staying.watches));
	waiter_index_free(index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_message_tells_exactly_those_who_wait_for_it),
	    cmocka_unit_test(an_owner_that_left_is_not_told),
	};
	waiter_index_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A broker that repeats the keys it is called with, in a thread of its own. Under each path it does so in another way.
 * Only its list of orders, without which a worker sends none, comes as it should, and is empty (but under /refuses). */
#ifndef MUSTER_TEST_KEY_ECHO_H
#define MUSTER_TEST_KEY_ECHO_H

#include <stddef.h>

/* What the base_url of a broker ends with. */
enum key_echo_path {
	KEY_ECHO_REJECTS,   /* /rejects: 422, a slash as "\/" */
	KEY_ECHO_REFUSES,   /* /refuses: 401 */
	KEY_ECHO_REDIRECTS, /* /redirects: 307 to another path */
	KEY_ECHO_PATHS
};

/* The keys that are right for each path. */
struct key_echo_keys {
	const char *id, *secret;
};

struct key_echo;

/* `keys` (KEY_ECHO_PATHS of them) is borrowed. */
struct key_echo *key_echo_start(const struct key_echo_keys *keys);
void key_echo_stop(struct key_echo *echo);
int key_echo_port(const struct key_echo *echo);

/* How many calls came with the right keys, lists not counted, and how many otherwise: with others, or to where a
 * redirect leads. */
size_t key_echo_right(const struct key_echo *echo, enum key_echo_path path);
size_t key_echo_wrong(const struct key_echo *echo);

#endif

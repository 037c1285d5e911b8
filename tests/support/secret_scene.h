/* Muster with each secret in another of the places that secrets come from: what test_secrets.c looks through. Nothing
 * else may be running: it changes the environment of this process, which the programs inherit. */
#ifndef MUSTER_TEST_SECRET_SCENE_H
#define MUSTER_TEST_SECRET_SCENE_H

#include "tests/support/key_echo.h"
#include "tests/support/stack.h"

#define SECRET_LENGTH 32

/* What must not be seen. Those of brokers stand in pairs. */
enum secret {
	PAPER_ID,
	PAPER_SECRET,
	REJECTS_ID,
	REJECTS_SECRET,
	REFUSES_ID,
	REFUSES_SECRET,
	REDIRECTS_ID,
	REDIRECTS_SECRET,
	IN_FILE, /* passwords of Redis, by where the URL comes from */
	IN_VARIABLE,
	IN_NAMED_FILE,
	IN_CREDENTIAL,
	WRONG_PASSWORD,
	TOKEN_OPERATOR, /* tokens of the API */
	TOKEN_SERVICE,
	TOKEN_USER,
	TOKEN_WRONG,
	SECRET_COUNT
};

struct secret_scene {
	char secrets[SECRET_COUNT][SECRET_LENGTH + 1];
	char planted[SECRET_LENGTH + 1]; /* no secret: in the environment of the programs and in each order */
	struct key_echo *echo;
	struct stack *stack; /* NULL before secret_scene_start */
	char folder[64];     /* of files with secrets */
	char tokens[1024], ini[1024], login[SECRET_LENGTH + 16];
	char acl[SECRET_COUNT][SECRET_LENGTH + 2];
	const char *redis[64];
	struct key_echo_keys keys[KEY_ECHO_PATHS];
};

/* A new text of letters and digits; `text` has SECRET_LENGTH + 1 bytes. */
void secret_make(char *text);

/* Makes the secrets and puts them into their places. */
struct secret_scene *secret_scene_new(void);
void secret_scene_free(struct secret_scene *scene);

/* Starts everything: the API and the first two workers find Redis's URL in the environment, in a file, in a credential;
 * a third worker has a wrong password. */
void secret_scene_start(struct secret_scene *scene);

/* Sends orders to each broker, and more after Redis was down: everything that a broker and Redis can do with a secret.
 */
void secret_scene_run(struct secret_scene *scene);

/* Puts Redis's URL, with a password, into the environment or takes it out. */
void secret_scene_set_url(struct secret_scene *scene);
void secret_scene_unset_url(void);

#endif

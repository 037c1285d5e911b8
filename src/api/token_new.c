/* New tokens. The prefix lets scanners of secrets find one that was left in a repository. */
#include "api/token_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "shared/ids.h"

#define PREFIX	     "muster_"
#define RANDOM_BYTES 32

/* Two hex digits a byte. */
static void write_hex(const unsigned char *bytes, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Says how it is called. */
static int refuse(void)
{
	(void)fprintf(stderr, "usage: muster-api --new-token service|operator|read\n"
			      "       muster-api --new-token user USER\n"
			      "USER: 1 to 64 printable ASCII characters without space, quotes, backslash and colon\n");
	return 2;
}

int token_new_main(int argc, char **argv)
{
	unsigned char bytes[RANDOM_BYTES], digest[EVP_MAX_MD_SIZE];
	char token[sizeof PREFIX + 2 * RANDOM_BYTES] = PREFIX, hex[2 * TOKEN_DIGEST_SIZE + 1];
	enum role role;
	bool is_user;

	if (argc < 3 || !token_role_of(argv[2], &role))
		return refuse();
	is_user = role == ROLE_USER;
	if (argc != (is_user ? 4 : 3) || (is_user && !ids_is_name(argv[3])))
		return refuse();
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		(void)fprintf(stderr, "muster-api: no random bytes: %s\n", strerror(errno));
		return 1;
	}
	write_hex(bytes, sizeof bytes, token + sizeof PREFIX - 1);
	if (!EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(), NULL))
		abort();
	write_hex(digest, TOKEN_DIGEST_SIZE, hex);
	(void)fprintf(stderr, "The token, shown this once, and the line for the file of api.tokens_file:\n");
	printf("%s\n%s %s%s%s\n", token, hex, argv[2], is_user ? " " : "", is_user ? argv[3] : "");
	return fflush(stdout) == 0 ? 0 : 1;
}

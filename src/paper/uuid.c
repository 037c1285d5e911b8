/* See uuid.h. */
#include "paper/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#define UUID_BYTES 16

/* Sets version and variant, and writes the text. */
static void uuid_format(unsigned char *bytes, unsigned version, char *text)
{
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | (version << 4));
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 0x0f];
	}
	*text = '\0';
}

/* As many as a UUID has. */
static void random_bytes(unsigned char *bytes)
{
	if (getrandom(bytes, UUID_BYTES, 0) != UUID_BYTES)
		abort();
}

void paper_uuid_random(char *text)
{
	unsigned char bytes[UUID_BYTES];
	random_bytes(bytes);
	uuid_format(bytes, 4, text);
}

void paper_uuid_numbered(uint32_t number, char *text)
{
	unsigned char bytes[UUID_BYTES];
	random_bytes(bytes);
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(number >> (24 - 8 * i));
	uuid_format(bytes, 4, text);
}

void paper_uuid_of_name(const char *name, char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	if (!EVP_Digest(name, strlen(name), digest, &length, EVP_sha256(), NULL) || length < UUID_BYTES)
		abort();
	uuid_format(digest, 8, text);
}

/* See secret_file.h. A file that is open to others is only warned of: secrets of containers often are (0444, in a place
 * that nobody else sees), and to refuse them would push them into the environment. */
#include "shared/secret_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define OPEN_TO_OTHERS (S_IRWXO | S_IWGRP)

/* Reads until the end or until `room` bytes are there; their number, or -1 with errno. */
static ssize_t read_bytes(int fd, char *text, size_t room)
{
	size_t length = 0;

	while (length < room) {
		ssize_t got = read(fd, text + length, room - length);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -1;
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

/* What was read, judged; one line break at its end is no part of it. */
static bool take_bytes(char *text, size_t length, struct err *err)
{
	if (length > SECRET_FILE_MAX)
		return err_set(err, ERR_CONFIG, "it is larger than %d bytes, which no secret is", SECRET_FILE_MAX);
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	if (length == 0)
		return err_set(err, ERR_CONFIG, "it is empty");
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)text[i]))
			return err_set(err, ERR_CONFIG,
				       "it has a control character; it must hold the secret and at most one line break "
				       "behind it");
	return true;
}

/* The open file. */
static bool read_open(int fd, char *text, struct err *err)
{
	struct stat status;
	ssize_t length;
	char end;
	bool is_good;

	if (fstat(fd, &status) != 0)
		return err_set(err, ERR_CONFIG, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_CONFIG, "it is not a regular file");
	length = read_bytes(fd, text, SECRET_FILE_MAX);
	/* A whole buffer may be all, or not. */
	if (length == SECRET_FILE_MAX && read_bytes(fd, &end, 1) != 0)
		length++;
	if (length < 0)
		return err_set(err, ERR_CONFIG, "%s", strerror(errno));
	is_good = take_bytes(text, (size_t)length, err);
	if (!is_good)
		explicit_bzero(text, SECRET_FILE_MAX + 1);
	return is_good;
}

bool secret_file_read(const char *path, char *text, struct err *err)
{
	/* Whoever names a pipe is told so, rather than waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool is_good;

	if (fd < 0)
		return err_set(err, ERR_CONFIG, "%s", strerror(errno));
	is_good = read_open(fd, text, err);
	(void)close(fd);
	return is_good;
}

bool secret_file_is_private(const char *path, struct err *warning)
{
	struct stat status;

	if (stat(path, &status) != 0 || !(status.st_mode & OPEN_TO_OTHERS))
		return true;
	return err_set(warning, ERR_CONFIG,
		       "it holds a secret, and others than its owner may write it, or others than its owner and group "
		       "read it (mode %04o); chmod 640 mends that",
		       (unsigned)(status.st_mode & 07777));
}

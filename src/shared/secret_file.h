/* A file that holds one secret and nothing else: what `MUSTER_..._FILE` names, a container's secret, a systemd
 * credential. */
#ifndef MUSTER_SECRET_FILE_H
#define MUSTER_SECRET_FILE_H

#include <stdbool.h>

#include "shared/err.h"

#define SECRET_FILE_MAX 4096 /* bytes */

/* Reads the file into `text` (SECRET_FILE_MAX + 1 bytes), ended by NUL, without one line break at its end. A link is
 * followed. Fails with ERR_CONFIG where it cannot be read, is no regular file, is empty, is larger, or has a control
 * character. Neither message holds a byte of the file, nor its path: callers add that. */
bool secret_file_read(const char *path, char *text, struct err *err) MUST_USE;

/* False, with `warning` filled, where others than its owner and group may read the file, or others than its owner write
 * it. True where that cannot be told. */
bool secret_file_is_private(const char *path, struct err *warning);

#endif

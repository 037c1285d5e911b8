/* Strict reading of small INI files, for what is not the configuration itself (see config_file.c for that).
 *
 * libinih takes the lines apart. It would cut long lines, take an indented line for more of the value before, and pass
 * over a line that is nothing: here each of these is an error that names file and line. */
#ifndef MUSTER_INI_FILE_H
#define MUSTER_INI_FILE_H

#include <stdbool.h>

#include "shared/err.h"

/* One key and its value, in the order of the file; false with `err` set ends the reading. */
typedef bool ini_file_fn(const char *section, const char *key, const char *value, struct err *err, void *arg);

/* Fails with ERR_CONFIG; the message begins with path and line. A key before any [section] has the section "". */
bool ini_file_read(const char *path, ini_file_fn *fn, void *arg, struct err *err) MUST_USE;

#endif

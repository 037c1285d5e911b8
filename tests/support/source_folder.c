/* Found from the program's own place, so that nothing about folders is compiled in. */
#include "tests/support/source_folder.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void give_up(const char *what)
{
	perror(what);
	abort();
}

/* Cuts the last part of a path; false at the root. */
static int cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	*slash = '\0';
	return 1;
}

/* The program's own path. */
static char *own_path(void)
{
	char *path = calloc(1, PATH_MAX);

	if (!path || readlink("/proc/self/exe", path, PATH_MAX - 1) < 0)
		give_up("/proc/self/exe");
	return path;
}

/* Cuts a path until it is the folder of the Makefile. */
static int climb(char *path)
{
	char file[PATH_MAX + 16];

	do {
		(void)snprintf(file, sizeof file, "%s/lua/README.md", path);
		if (access(file, R_OK) == 0)
			return 1;
	} while (cut(path));
	return 0;
}

char *source_folder(void)
{
	char *path = own_path();

	if (climb(path))
		return path;
	if (!getcwd(path, PATH_MAX) || !climb(path)) {
		(void)fputs("source_folder: neither above this program nor above the working folder\n", stderr);
		abort();
	}
	return path;
}

char *build_folder(void)
{
	char *path = own_path();

	for (int i = 0; i < 3; i++)
		if (!cut(path))
			give_up("build folder");
	return path;
}

char *source_read(const char *path)
{
	char *folder = source_folder(), *whole = NULL, *text = NULL;
	size_t size = 0, got;
	char part[4096];
	FILE *in, *out = open_memstream(&text, &size);

	if (!out || asprintf(&whole, "%s/%s", folder, path) < 0)
		give_up(path);
	in = fopen(whole, "re");
	if (!in)
		give_up(whole);
	while ((got = fread(part, 1, sizeof part, in)) > 0)
		(void)fwrite(part, 1, got, out);
	(void)fclose(in);
	(void)fclose(out);
	free(whole);
	free(folder);
	return text;
}

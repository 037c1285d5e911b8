/* Where the project's own files are, for tests that read them; tests may be started from any folder. */
#ifndef MUSTER_TEST_SOURCE_FOLDER_H
#define MUSTER_TEST_SOURCE_FOLDER_H

/* The folder that holds the Makefile, above this program or the folder it was started in. The caller frees; never NULL.
 */
char *source_folder(void);

/* The build folder that this program (BUILD/tests/KIND/NAME) is in. The caller frees; never NULL. */
char *build_folder(void);

/* A whole file below the source folder, as text. The caller frees; ends the program where it cannot be read. */
char *source_read(const char *path);

#endif

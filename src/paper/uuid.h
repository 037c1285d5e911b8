/* UUIDs (RFC 9562), which is what Alpaca's ids are. */
#ifndef MUSTER_PAPER_UUID_H
#define MUSTER_PAPER_UUID_H

#include <stdint.h>

#define PAPER_UUID_SIZE 37 /* with NUL */

/* Version 4. */
void paper_uuid_random(char *text);

/* Version 4 whose first field is `number`, so that those of one series sort in the order they were made. */
void paper_uuid_numbered(uint32_t number, char *text);

/* The same for the same name, always. */
void paper_uuid_of_name(const char *name, char *text);

#endif

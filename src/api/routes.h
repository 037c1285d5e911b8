/* Every path of the API, in one table. */
#ifndef MUSTER_API_ROUTES_H
#define MUSTER_API_ROUTES_H

#include "shared/http.h"

/* Rows for http_server_new; each handler's `arg` is struct app. */
const struct http_route *routes(void);

#endif

/* Stocks: the reference data that orders are checked against and sized by. `arg` is the struct app. */
#ifndef MUSTER_API_STOCKS_H
#define MUSTER_API_STOCKS_H

#include "shared/http.h"

/* PUT /stocks/{symbol}, HTTP_BODY_JSON. */
void stocks_put_one(struct http_request *request, void *arg);

/* PUT /stocks, HTTP_BODY_JSON_OR_CSV. */
void stocks_put_many(struct http_request *request, void *arg);

/* GET /stocks/{symbol} */
void stocks_get_one(struct http_request *request, void *arg);

/* GET /stocks, by symbol, paged. */
void stocks_get_many(struct http_request *request, void *arg);

#endif

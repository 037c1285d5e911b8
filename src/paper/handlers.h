/* The handlers of the paper broker's routes, and what they share. */
#ifndef MUSTER_PAPER_HANDLERS_H
#define MUSTER_PAPER_HANDLERS_H

#include "paper/paper.h"
#include "paper/refusal.h"

extern const struct http_route paper_routes[];

/* Runs before each handler: call rate and keys. */
bool paper_admit(struct http_request *request, void *arg);

/* orders */
void paper_handle_submit(struct http_request *request, void *arg);
void paper_handle_order(struct http_request *request, void *arg);
void paper_handle_order_by_client_id(struct http_request *request, void *arg);
void paper_handle_orders(struct http_request *request, void *arg);
void paper_handle_cancel(struct http_request *request, void *arg);

/* account */
void paper_handle_fills(struct http_request *request, void *arg);
void paper_handle_account(struct http_request *request, void *arg);
void paper_handle_asset(struct http_request *request, void *arg);
void paper_handle_clock(struct http_request *request, void *arg);
void paper_handle_calendar(struct http_request *request, void *arg);

/* control */
void paper_handle_settings(struct http_request *request, void *arg);
void paper_handle_settings_put(struct http_request *request, void *arg);
void paper_handle_faults(struct http_request *request, void *arg);
void paper_handle_faults_put(struct http_request *request, void *arg);
void paper_handle_faults_delete(struct http_request *request, void *arg);
void paper_handle_price(struct http_request *request, void *arg);
void paper_handle_clock_put(struct http_request *request, void *arg);
void paper_handle_expire_all(struct http_request *request, void *arg);
void paper_handle_health(struct http_request *request, void *arg);

/* Query parameters with their default; false, and the request answered, where one is not valid. */
bool paper_query_time(struct http_request *request, const char *name, int64_t *at_ms);
bool paper_query_count(struct http_request *request, const char *name, size_t most, size_t *count);
bool paper_query_word(struct http_request *request, const char *name, const char *const *words, int *place);

#endif

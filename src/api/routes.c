/* The table of paths: the API's table of contents. The last column says who may (api/access.h). */
#include "api/routes.h"

#include <stddef.h>

#include "api/access.h"
#include "api/block_resolve.h"
#include "api/blocks.h"
#include "api/bulk_rebalance.h"
#include "api/events.h"
#include "api/halt.h"
#include "api/health.h"
#include "api/investments.h"
#include "api/metrics_view.h"
#include "api/orders.h"
#include "api/page.h"
#include "api/statement.h"
#include "api/stocks.h"
#include "api/trade_queue_accept.h"
#include "api/trade_queue_cancel.h"
#include "api/trade_queue_preview.h"
#include "api/trade_queue_process.h"
#include "api/trade_queue_request.h"
#include "api/trade_queue_route.h"
#include "api/trade_queue_status.h"
#include "api/users.h"

static const struct http_route rows[] = {
    {HTTP_POST, "/trade-queue/queue/order", HTTP_BODY_JSON, trade_queue_accept, ACCESS_TRADE},
    {HTTP_GET, "/trade-queue/queue/order/{queue_id}", HTTP_BODY_NONE, trade_queue_request_get, ACCESS_READ_OWN},
    {HTTP_DELETE, "/trade-queue/queue/order/{queue_id}", HTTP_BODY_NONE, trade_queue_cancel, ACCESS_TRADE},
    {HTTP_GET, "/trade-queue/queue/route", HTTP_BODY_NONE, trade_queue_route_get, ACCESS_READ_OWN},
    {HTTP_GET, "/trade-queue/queue/status", HTTP_BODY_NONE, trade_queue_status_get, ACCESS_READ_ALL},
    {HTTP_GET, "/trade-queue/queue/aggregation-preview", HTTP_BODY_NONE, trade_queue_preview_get, ACCESS_READ_ALL},
    {HTTP_POST, "/trade-queue/queue/process", HTTP_BODY_NONE, trade_queue_process_post, ACCESS_OPERATE},
    {HTTP_POST, "/smallcases/bulk/rebalance", HTTP_BODY_JSON, bulk_rebalance, ACCESS_TRADE},

    {HTTP_GET, "/orders/{order_id}", HTTP_BODY_NONE, orders_get, ACCESS_READ_OWN},
    {HTTP_GET, "/blocks", HTTP_BODY_NONE, blocks_list, ACCESS_READ_ALL},
    {HTTP_GET, "/blocks/{block_id}", HTTP_BODY_NONE, blocks_get, ACCESS_READ_ALL},
    {HTTP_GET, "/blocks/{block_id}/statement", HTTP_BODY_NONE, statement_get, ACCESS_READ_ALL},
    {HTTP_POST, "/blocks/{block_id}/cancel", HTTP_BODY_JSON, block_cancel_post, ACCESS_OPERATE},
    {HTTP_POST, "/blocks/{block_id}/resolve", HTTP_BODY_JSON, block_resolve_post, ACCESS_OPERATE},

    {HTTP_GET, "/users/{user_id}/orders", HTTP_BODY_NONE, users_get_orders, ACCESS_READ_OWN},
    {HTTP_GET, "/users/{user_id}/transactions", HTTP_BODY_NONE, users_get_transactions, ACCESS_READ_OWN},
    {HTTP_GET, "/users/{user_id}/investments/{smallcase_id}", HTTP_BODY_NONE, investments_get, ACCESS_READ_OWN},
    {HTTP_PUT, "/users/{user_id}/investments/{smallcase_id}", HTTP_BODY_JSON, investments_put, ACCESS_TRADE},

    {HTTP_GET, "/stocks", HTTP_BODY_NONE, stocks_get_many, ACCESS_READ_OWN},
    {HTTP_PUT, "/stocks", HTTP_BODY_JSON_OR_CSV, stocks_put_many, ACCESS_OPERATE},
    {HTTP_GET, "/stocks/{symbol}", HTTP_BODY_NONE, stocks_get_one, ACCESS_READ_OWN},
    {HTTP_PUT, "/stocks/{symbol}", HTTP_BODY_JSON, stocks_put_one, ACCESS_OPERATE},

    {HTTP_POST, "/admin/halt", HTTP_BODY_MAYBE_JSON, halt_post, ACCESS_OPERATE},
    {HTTP_POST, "/admin/resume", HTTP_BODY_MAYBE_JSON, resume_post, ACCESS_OPERATE},

    {HTTP_GET, "/", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/page.css", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/page.js", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/page_charts.js", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/page.svg", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/openapi.json", HTTP_BODY_NONE, page_get, ACCESS_ANYBODY},
    {HTTP_GET, "/events", HTTP_BODY_NONE, events_get, ACCESS_READ_ALL},
    {HTTP_GET, "/metrics", HTTP_BODY_NONE, metrics_view_get, ACCESS_READ_ALL},
    {HTTP_GET, "/healthz", HTTP_BODY_NONE, health_get_alive, ACCESS_ANYBODY},
    {HTTP_GET, "/readyz", HTTP_BODY_NONE, health_get_ready, ACCESS_ANYBODY},
    {0},
};

const struct http_route *routes(void)
{
	return rows;
}

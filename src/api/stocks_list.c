/* The stocks by symbol. Redis keeps them in a hash, which has no order: it is scanned in bounded steps, and of what
 * passes by only the page is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/stock_entry.h"
#include "api/stocks.h"

#define KEY_SIZE      64
#define SCAN_SIZE     24
#define STOCKS_A_STEP "500"

struct listed {
	char *symbol;
	char *text;
};

struct stocks_list {
	struct app *app;
	struct http_request *request;
	struct query_page page;
	char scan[SCAN_SIZE];	 /* HSCAN's cursor */
	struct listed *smallest; /* by symbol: the page, and one more if there is one */
	size_t count;
};

static void listed_free(struct listed *listed)
{
	free(listed->symbol);
	free(listed->text);
}

/* Ends the flow, which has answered. */
static void list_free(struct stocks_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		listed_free(&list->smallest[i]);
	free(list->smallest);
	free(list);
}

/* Where the symbol is or belongs. */
static size_t list_place(const struct stocks_list *list, const char *symbol)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(list->smallest[middle].symbol, symbol) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Keeps a stock if it can be on the page. A scan may bring one twice. */
static void list_take(struct stocks_list *list, const char *symbol, const char *text)
{
	size_t most = list->page.limit + 1;
	size_t at;

	if (list->page.cursor.is_set && strcmp(symbol, list->page.cursor.text) <= 0)
		return;
	at = list_place(list, symbol);
	if (at == most || (at < list->count && strcmp(list->smallest[at].symbol, symbol) == 0))
		return;
	if (list->count == most)
		listed_free(&list->smallest[--list->count]);
	memmove(&list->smallest[at + 1], &list->smallest[at], (list->count - at) * sizeof *list->smallest);
	list->smallest[at] = (struct listed){strdup(symbol), strdup(text)};
	if (!list->smallest[at].symbol || !list->smallest[at].text)
		abort();
	list->count++;
}

/* The scan is through: answers and frees. */
static void list_answer(struct stocks_list *list)
{
	struct cursor cursor = {0};
	char next[CURSOR_SIZE] = "";
	json_t *items = json_array();

	for (size_t i = 0; i < list->count && i < list->page.limit; i++)
		json_array_append_new(items,
				      stock_view(list->app->config, list->smallest[i].symbol, list->smallest[i].text));
	if (list->count > list->page.limit) {
		(void)snprintf(cursor.text, sizeof cursor.text, "%s", list->smallest[list->page.limit - 1].symbol);
		(void)cursor_encode(CURSOR_STOCKS, &cursor, next);
	}
	read_answer_page(list->request, items, next);
	list_free(list);
}

static void list_step(struct stocks_list *list);

/* A step of the scan. */
static void on_scanned(const redisReply *reply, const struct err *err, void *arg)
{
	struct stocks_list *list = arg;
	const redisReply *pairs = reply_at(reply, 1);

	if (err) {
		read_answer_error(list->request, err);
		list_free(list);
		return;
	}
	for (size_t i = 0; pairs && i + 1 < pairs->elements; i += 2)
		list_take(list, reply_text(pairs->element[i]), reply_text(pairs->element[i + 1]));
	(void)snprintf(list->scan, sizeof list->scan, "%s", reply_text(reply_at(reply, 0)));
	if (strcmp(list->scan, "0") == 0)
		list_answer(list);
	else
		list_step(list);
}

/* Scans on. */
static void list_step(struct stocks_list *list)
{
	char key[KEY_SIZE];
	const char *argv[] = {"HSCAN", key, list->scan, "COUNT", STOCKS_A_STEP};

	(void)snprintf(key, sizeof key, "%s:{0}:stocks", list->app->config->redis.prefix);
	redis_link_command(list->app->read, sizeof argv / sizeof argv[0], argv, on_scanned, list);
}

void stocks_get_many(struct http_request *request, void *arg)
{
	struct stocks_list *list;
	struct query_page page;
	struct err err;

	if (!query_page(request, CURSOR_STOCKS, &page, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	list = calloc(1, sizeof *list);
	if (!list)
		abort();
	*list = (struct stocks_list){.app = arg, .request = request, .page = page, .scan = "0"};
	list->smallest = calloc(page.limit + 1, sizeof *list->smallest);
	if (!list->smallest)
		abort();
	list_step(list);
}

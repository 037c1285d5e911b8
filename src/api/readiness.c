/* See readiness.h. */
#include "api/readiness.h"

#include "api/app.h"
#include "api/stock_table.h"

bool readiness_takes_orders(const struct app *app, struct err *err)
{
	const char *why;
	if (redis_generation_is_lost(app->generation, &why))
		return err_set(err, ERR_HALTED, "%s; no orders are taken and nothing is traded until a person confirms",
			       why);
	if (!stock_table_is_loaded(app->stocks))
		return err_set(err, ERR_REDIS_UNAVAILABLE, "the stocks are not loaded yet");
	return true;
}

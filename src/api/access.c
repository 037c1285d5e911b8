/* What each request passes before its handler. */
#include "api/access.h"

bool access_check(struct http_request *request, void *app)
{
	(void)request, (void)app;
	return true;
}

const char *access_label(const struct http_request *request)
{
	(void)request;
	return "anonymous";
}

const char *access_user(const struct http_request *request)
{
	(void)request;
	return NULL;
}

/* Checks: evhttp is generous with malformed requests; two servers that read one request differently are how requests
 * get smuggled, so that what RFC 9112 calls invalid is refused here before a handler sees it. */
#include "shared/http_parts.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>

/* Headers that may stand once only. */
enum once { ONCE_HOST, ONCE_LENGTH, ONCE_CHUNKED, ONCE_TYPE, ONCE_AUTHORIZATION, ONCE_KEY, ONCE_COUNT };
static const char *const once_names[ONCE_COUNT] = {
    [ONCE_HOST] = "Host",	  [ONCE_LENGTH] = "Content-Length",	  [ONCE_CHUNKED] = "Transfer-Encoding",
    [ONCE_TYPE] = "Content-Type", [ONCE_AUTHORIZATION] = "Authorization", [ONCE_KEY] = "Idempotency-Key",
};

/* A header name is a token: letters, digits and a few marks (RFC 9110, 5.6.2). */
static bool name_is_token(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];
		bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!is_letter && (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c)))
			return false;
	}
	return length > 0;
}

/* Finds each of the once-only headers; false where one stands twice or a name is no token. */
static bool headers_collect(const struct evkeyvalq *headers, const char **found, struct err *err)
{
	for (const struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next) {
		size_t length = strlen(header->key);
		if (!name_is_token(header->key, length))
			return err_set(err, ERR_BAD_REQUEST, "a header name has a character that names cannot have");
		for (size_t i = 0; i < ONCE_COUNT; i++) {
			if (length != strlen(once_names[i]) || strcasecmp(header->key, once_names[i]) != 0)
				continue;
			if (found[i])
				return err_set(err, ERR_BAD_REQUEST, "the header %s stands twice", once_names[i]);
			found[i] = header->value;
		}
	}
	return true;
}

bool http_check_headers(struct evhttp_request *ev, struct err *err)
{
	const char *found[ONCE_COUNT] = {NULL};
	if (!headers_collect(evhttp_request_get_input_headers(ev), found, err))
		return false;
	if (!found[ONCE_HOST] && ev->major == 1 && ev->minor >= 1)
		return err_set(err, ERR_BAD_REQUEST, "the header Host is missing");
	const char *length = found[ONCE_LENGTH], *coding = found[ONCE_CHUNKED];
	if (length && (!*length || length[strspn(length, "0123456789")]))
		return err_set(err, ERR_BAD_REQUEST, "the Content-Length is not a number");
	if (coding && (length || strcasecmp(coding, "chunked") != 0))
		return err_set(err, ERR_BAD_REQUEST,
			       length ? "both Content-Length and Transfer-Encoding are given"
				      : "the Transfer-Encoding is not chunked");
	return true;
}

/* Whether the media type of a Content-Type header, without its parameters, is `type`. */
static bool media_type_is(const char *header, const char *type)
{
	size_t length = strcspn(header, "; \t");
	return length == strlen(type) && strncasecmp(header, type, length) == 0;
}

bool http_check_body(struct http_request *request, enum http_body_kind kind, struct err *err)
{
	if (kind == HTTP_BODY_NONE)
		return true;
	if (!http_header(request, "Content-Length") && !http_header(request, "Transfer-Encoding")) {
		if (kind == HTTP_BODY_MAYBE_JSON)
			return true;
		http_close_after(request);
		return err_set(err, ERR_LENGTH_REQUIRED, "send a Content-Length, or the body in chunks");
	}
	size_t length = evbuffer_get_length(evhttp_request_get_input_buffer(request->ev));
	if (length > request->server->options.max_body_bytes)
		return err_set(err, ERR_TOO_LARGE, "the body has %zu bytes; at most %zu are accepted", length,
			       request->server->options.max_body_bytes);
	const char *coding = http_header(request, "Content-Encoding");
	if (coding && strcasecmp(coding, "identity") != 0)
		return err_set(err, ERR_BAD_MEDIA_TYPE, "the body must come without Content-Encoding");
	const char *type = http_header(request, "Content-Type");
	if (!type || !*type || media_type_is(type, "application/json") ||
	    media_type_is(type, "application/x-www-form-urlencoded"))
		return true;
	if (kind == HTTP_BODY_JSON_OR_CSV && media_type_is(type, "text/csv")) {
		request->is_csv = true;
		return true;
	}
	return err_set(err, ERR_BAD_MEDIA_TYPE, "the Content-Type must be application/json%s",
		       kind == HTTP_BODY_JSON_OR_CSV ? " or text/csv" : "");
}

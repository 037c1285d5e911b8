/* See browser.h. Each step is one HTTP call to chromedriver. */
#include "tests/support/browser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "tests/support/http_call.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

/* What WebDriver calls an element in JSON. */
#define ELEMENT "element-6066-11e4-a52e-4f735466cecf"

struct browser {
	struct process *driver;
	char session[256]; /* its URL */
};

bool browser_is_installed(void)
{
	return system("command -v chromium >/dev/null && command -v chromedriver >/dev/null") == 0;
}

/* One call; returns its `value`, to be freed. `take_body` NULL: none. */
static json_t *call(const char *method, const char *url, json_t *take_body)
{
	char *body = take_body ? json_dumps(take_body, 0) : NULL;
	const struct http_call request = {.method = method, .url = url, .body = body};
	struct http_reply *reply = http_call(&request);
	json_t *value = json_incref(json_object_get(reply->json, "value"));

	if (reply->status != 200)
		fail_msg("%s %s %s: %d %.600s", method, url, body ? body : "", reply->status,
			 reply->body ? reply->body : "(no answer)");
	http_reply_free(reply);
	json_decref(take_body);
	free(body);
	return value;
}

/* The same below the session. */
static json_t *command(const struct browser *browser, const char *method, const char *path, json_t *take_body)
{
	char url[512];

	(void)snprintf(url, sizeof url, "%s%s", browser->session, path);
	return call(method, url, take_body);
}

/* Waits until chromedriver has said which port it took. */
static int driver_port(struct process *driver)
{
	static const char mark[] = "successfully on port ";
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	for (;;) {
		char *log = process_log(driver), *at = strstr(log, mark);
		int port = at ? atoi(at + sizeof mark - 1) : 0;

		free(log);
		if (port > 0)
			return port;
		if (!process_is_running(driver) || clock_monotonic_us() > end_us) {
			process_print_log_tail(driver);
			fail_msg("chromedriver does not start");
		}
		wait_pause();
	}
}

/* As root there is no sandbox to be had; nothing is fetched from anywhere but the test's own API. */
static json_t *capabilities(const char *folder)
{
	char profile[160];

	(void)snprintf(profile, sizeof profile, "--user-data-dir=%s/chromium", folder);
	return json_pack("{s:{s:{s:s, s:{s:[s,s,s,s,s,s,s,s,s,s,s]}, s:{s:s}}}}", "capabilities", "alwaysMatch",
			 "browserName", "chrome", "goog:chromeOptions", "args", "--headless", "--no-sandbox",
			 "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
			 profile, "goog:loggingPrefs", "browser", "ALL");
}

struct browser *browser_start(const char *folder)
{
	const char *const argv[] = {"/usr/bin/chromedriver", "--port=0", NULL};
	struct browser *browser = calloc(1, sizeof *browser);
	char log[160], url[64];
	json_t *session;

	if (!browser)
		abort();
	(void)snprintf(log, sizeof log, "%s/chromedriver.log", folder);
	browser->driver = process_start(argv, log);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/session", driver_port(browser->driver));
	session = call("POST", url, capabilities(folder));
	(void)snprintf(browser->session, sizeof browser->session, "%s/%s", url,
		       json_string_value(json_object_get(session, "sessionId")));
	json_decref(session);
	return browser;
}

void browser_stop(struct browser *browser)
{
	if (!browser)
		return;
	if (browser->session[0]) {
		const struct http_call end = {.method = "DELETE", .url = browser->session};

		http_reply_free(http_call(&end));
	}
	process_free(browser->driver);
	free(browser);
}

void browser_open(struct browser *browser, const char *url)
{
	json_decref(command(browser, "POST", "/url", json_pack("{s:s}", "url", url)));
}

void browser_set_size(struct browser *browser, int width, int height)
{
	json_decref(
	    command(browser, "POST", "/window/rect", json_pack("{s:i, s:i}", "width", width, "height", height)));
}

json_t *browser_value(struct browser *browser, const char *expression)
{
	char *script;
	json_t *value;

	if (asprintf(&script, "return (%s);", expression) < 0)
		abort();
	value = command(browser, "POST", "/execute/sync", json_pack("{s:s, s:[]}", "script", script, "args"));
	free(script);
	return value;
}

bool browser_holds(struct browser *browser, const char *expression)
{
	json_t *value = browser_value(browser, expression);
	bool holds = json_is_true(value);

	json_decref(value);
	return holds;
}

/* The path of a command on the element. */
static void element_path(struct browser *browser, const char *selector, const char *what, char *path, size_t size)
{
	json_t *element =
	    command(browser, "POST", "/element", json_pack("{s:s, s:s}", "using", "css selector", "value", selector));

	(void)snprintf(path, size, "/element/%s/%s", json_string_value(json_object_get(element, ELEMENT)), what);
	json_decref(element);
}

void browser_click(struct browser *browser, const char *selector)
{
	char path[200];

	element_path(browser, selector, "click", path, sizeof path);
	json_decref(command(browser, "POST", path, json_object()));
}

void browser_type(struct browser *browser, const char *selector, const char *keys)
{
	char path[200];

	element_path(browser, selector, "value", path, sizeof path);
	json_decref(command(browser, "POST", path, json_pack("{s:s}", "text", keys)));
}

char *browser_errors(struct browser *browser)
{
	json_t *entries = command(browser, "POST", "/se/log", json_pack("{s:s}", "type", "browser"));
	char *text = strdup("");
	size_t i;
	json_t *entry;

	json_array_foreach (entries, i, entry) {
		const char *level = json_string_value(json_object_get(entry, "level"));
		const char *source = json_string_value(json_object_get(entry, "source"));

		if (!level || strcmp(level, "SEVERE") != 0 || (source && strcmp(source, "network") == 0))
			continue;
		char *longer;
		if (asprintf(&longer, "%s%s\n", text, json_string_value(json_object_get(entry, "message"))) < 0)
			abort();
		free(text);
		text = longer;
	}
	json_decref(entries);
	return text;
}

void browser_screenshot(struct browser *browser, const char *path)
{
	json_t *value = command(browser, "GET", "/screenshot", NULL);
	size_t length = json_string_length(value);
	unsigned char *bytes = malloc(length);
	FILE *file = fopen(path, "we");
	int count;

	if (!bytes || !file)
		abort();
	count = EVP_DecodeBlock(bytes, (const unsigned char *)json_string_value(value), (int)length);
	if (count < 1000 || memcmp(bytes, "\x89PNG", 4) != 0)
		fail_msg("the screenshot is no picture");
	if (fwrite(bytes, 1, (size_t)count, file) != (size_t)count)
		abort();
	(void)fclose(file);
	free(bytes);
	json_decref(value);
}

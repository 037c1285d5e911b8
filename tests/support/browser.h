/* Headless Chromium under test, driven by the W3C WebDriver protocol (chromedriver, Debian's chromium-driver). */
#ifndef MUSTER_TEST_BROWSER_H
#define MUSTER_TEST_BROWSER_H

#include <stdbool.h>

#include <jansson.h>

struct browser;

/* Whether chromium and chromedriver are installed. */
bool browser_is_installed(void);

/* Its profile and logs go into `folder`. Aborts where it does not start. */
struct browser *browser_start(const char *folder);
void browser_stop(struct browser *browser); /* NULL is fine */

void browser_open(struct browser *browser, const char *url);
void browser_set_size(struct browser *browser, int width, int height);

/* The value of a JavaScript expression; to be freed by the caller. */
json_t *browser_value(struct browser *browser, const char *expression);
/* Whether it is true. */
bool browser_holds(struct browser *browser, const char *expression);

/* Of the first element that fits the CSS selector; the test fails where there is none. */
void browser_click(struct browser *browser, const char *selector);
/* Types keys into it, as a person would; "\n" is Enter. */
void browser_type(struct browser *browser, const char *selector, const char *keys);

/* What the console has of errors since the last call, but for answers like 404; to be freed. An empty text: none. */
char *browser_errors(struct browser *browser);

/* Writes what is to be seen as a PNG. */
void browser_screenshot(struct browser *browser, const char *path);

#endif

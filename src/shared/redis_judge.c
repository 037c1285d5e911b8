/* What an error reply means for the caller: whether anything may have been executed. */
#include "shared/redis_link_private.h"

#include <string.h>

#include "shared/log.h"

/* What Redis says before it runs anything. */
static const char *const refusals[] = {"OOM",	     "LOADING", "READONLY", "NOREPLICAS", "MISCONF",
				       "MASTERDOWN", "NOAUTH",	"NOPERM",   "BUSY",	  "CLUSTERDOWN",
				       "TRYAGAIN",   "MOVED",	"ASK",	    "NOSCRIPT"};

/* Whether the text begins with this word. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && (text[length] == ' ' || !text[length]);
}

bool redis_judge_error(const char *what, bool is_script, const char *words, struct err *err)
{
	/* A script of ours says so before it writes anything (lua/lib/need.lua). A person must mend it, so it is logged
	 * here, where every call comes by. */
	if (has_word(words, "WRONGKEY")) {
		log_event(LOG_ERROR, "redis_key_spoiled", "call", what, "reason", words, NULL);
		return err_set(err, ERR_REDIS_UNAVAILABLE, "Redis refused %s: %s", what, words);
	}
	if (strstr(words, "script:") && strstr(words, "on @user_script"))
		return err_set(err, ERR_INTERNAL, "script %s failed: %s", what, words);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (has_word(words, refusals[i]))
			return err_set(err, ERR_REDIS_UNAVAILABLE, "Redis refused %s: %s", what, words);
	return err_set(err, ERR_INTERNAL, "%s%s failed: %s", is_script ? "script " : "", what, words);
}

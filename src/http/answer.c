/* answer.c - answers of HTTP services, by jansson. */
#include "http/answer.h"

#include <jansson.h>
#include <string.h>

/* Words of the service, for a message on standard error. */
static void words_take(struct error *why, const char *words)
{
	char shown[160];
	size_t n = 0;
	for (; words && words[n] != '\0' && n < sizeof shown - 1; n++)
		shown[n] = words[n] >= ' ' && words[n] < 0x7f ? words[n] : '?';
	shown[n] = '\0';
	error_set(why, "a record was refused: %s", n > 0 ? shown : "no reason given");
}

/* 409: a record of this id is there already, from a request whose answer was lost. */
static enum record_answer item_judge(long long status)
{
	if ((status >= 200 && status < 300) || status == 409)
		return RECORD_TAKEN;
	return status == 429 || status >= 500 ? RECORD_AGAIN : RECORD_REFUSED;
}

static void items_judge(const json_t *root, enum record_answer *of, size_t n, struct error *why)
{
	const json_t *items = json_object_get(root, "items");
	if (!json_is_true(json_object_get(root, "errors")) || json_array_size(items) != n)
		return;
	for (size_t i = n; i-- > 0;) {
		const json_t *item = json_object_get(json_array_get(items, i), "create");
		of[i] = item_judge(json_integer_value(json_object_get(item, "status")));
		if (of[i] != RECORD_TAKEN)
			words_take(why, json_string_value(json_object_get(
						json_object_get(item, "error"), "reason")));
	}
}

/* Which ones is not said: the last. The number is one, or a text (protobuf's JSON of an int64). */
static void partial_judge(const json_t *root, enum record_answer *of, size_t n, struct error *why)
{
	const json_t *partial = json_object_get(root, "partialSuccess");
	const json_t *number = json_object_get(partial, "rejectedLogRecords");
	const char *text = json_string_value(number);
	long long rejected = text ? strtoll(text, NULL, 10) : json_integer_value(number);
	for (size_t i = n; i-- > 0 && rejected > 0; rejected--)
		of[i] = RECORD_REFUSED;
	if (n > 0 && of[n - 1] == RECORD_REFUSED)
		words_take(why, json_string_value(json_object_get(partial, "errorMessage")));
}

void answer_judge(enum answer_kind kind, const char *body, size_t length, enum record_answer *of,
		  size_t n, struct error *why)
{
	for (size_t i = 0; i < n; i++)
		of[i] = RECORD_TAKEN;
	json_t *root = kind == ANSWER_STATUS || length == 0
			       ? NULL
			       : json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (root && kind == ANSWER_ITEMS)
		items_judge(root, of, n, why);
	else if (root)
		partial_judge(root, of, n, why);
	json_decref(root);
}

void answer_status(long status, enum record_answer *of, size_t n, bool *alone)
{
	bool refused = status == 400 || status == 413 || status == 422;
	*alone = refused && n > 1;
	for (size_t i = 0; i < n; i++)
		of[i] = refused && n == 1 ? RECORD_REFUSED : RECORD_AGAIN;
}

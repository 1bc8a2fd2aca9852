/* mask.c - replaces secrets by stars, and possible parts of a message by x's. */
#include "trace/mask.h"

#include "base/ascii.h"
#include "core/smtp/sasl.h"

const char mask_secret[] = "********";

/* Writes the name of the mechanism, but nothing that follows it. */
static void put_auth(struct outbuf *b, enum smtp_verb verb, struct bytes args)
{
	struct bytes secret;
	struct bytes mechanism = sasl_mechanism(args, &secret);
	outbuf_str(b, smtp_verb_name(verb));
	if (mechanism.n > 0)
		outbuf_char(b, ' ');
	outbuf_bytes(b, mechanism.p, mechanism.n);
	if (secret.n > 0)
		outbuf_format(b, " %s", mask_secret);
}

/* Writes Postfix's attributes, but not the login name. */
static void put_attributes(struct outbuf *b, enum smtp_verb verb, struct bytes args)
{
	outbuf_str(b, smtp_verb_name(verb));
	for (struct bytes word; (word = ascii_word(&args)).n > 0;) {
		outbuf_char(b, ' ');
		if (ascii_begins(word, "LOGIN="))
			outbuf_format(b, "LOGIN=%s", mask_secret);
		else
			outbuf_bytes(b, word.p, word.n);
	}
}

static void put_burl(struct outbuf *b, struct bytes args)
{
	struct bytes last = {0};
	for (struct bytes word; (word = ascii_word(&args)).n > 0;)
		last = word;
	outbuf_format(b, "BURL %s%s", mask_secret, ascii_is(last, "LAST") ? " LAST" : "");
}

/* Writes MAIL and RCPT as they are, but of a parameter that may bear a secret only its name. */
static void put_envelope(struct outbuf *b, enum smtp_verb verb, struct bytes args)
{
	struct bytes rest = smtp_path_read(args).params;
	const uint8_t *from = args.p;
	outbuf_str(b, smtp_verb_name(verb));
	if (args.n > 0)
		outbuf_char(b, ' ');
	for (struct bytes value; smtp_param_secret(&rest, &value);) {
		outbuf_bytes(b, from, (size_t)(value.p - from));
		outbuf_str(b, mask_secret);
		from = value.p + value.n;
	}
	outbuf_bytes(b, from, (size_t)(args.p + args.n - from));
}

void mask_command(struct outbuf *b, enum smtp_verb verb, struct bytes args)
{
	switch ((enum smtp_args)smtp_verbs[verb].args) {
	case SMTP_ARGS_SASL:
		put_auth(b, verb, args);
		break;
	case SMTP_ARGS_URL:
		put_burl(b, args);
		break;
	case SMTP_ARGS_PATH:
		put_envelope(b, verb, args);
		break;
	case SMTP_ARGS_LINE:
		outbuf_str(b, mask_secret);
		break;
	case SMTP_ARGS_LOGIN:
		put_attributes(b, verb, args);
		break;
	case SMTP_ARGS_NONE:
		outbuf_str(b, smtp_verb_name(verb));
		if (args.n > 0)
			outbuf_format(b, " %s", mask_secret);
		break;
	default:
		outbuf_str(b, smtp_verb_name(verb));
		if (args.n > 0)
			outbuf_char(b, ' ');
		outbuf_bytes(b, args.p, args.n);
	}
}

/*
 * Shows only the first word, if it may be a verb: as many letters as there are. What follows may be
 * a password ("PASS x", "Authorization: Basic x"). After AUTH or inside a message, nothing may be
 * shown.
 */
size_t mask_unknown(struct bytes line, bool all)
{
	enum {
		/* Letters of the longest verb, "Authorization": an answer to AUTH is most likely
		 * longer. */
		VERB = 16
	};
	size_t n = 0;
	while (n < line.n &&
	       ((ascii_alnum(line.p[n]) && !ascii_digit(line.p[n])) || line.p[n] == '-'))
		n++;
	/* "AUTHdGVzdA": a blank was forgotten. */
	if (n > 4 && ascii_begins(line, "AUTH") && !ascii_is(bytes_first(line, n), "Authorization"))
		n = 4;
	return all || n > VERB || (n < line.n && ascii_digit(line.p[n])) ? 0 : n;
}

void mask_text(struct outbuf *b, struct bytes text, bool begins, bool dots)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		bool stays = c == '\r' || c == '\n' || c == '\0' || c == ' ' ||
			     (dots && begins && c == '.');
		outbuf_char(b, stays ? (char)c : 'x');
		begins = c == '\n';
	}
}

/* test_cause_server.c - causes that lie with the server: each in a session that has it, and in one
 * that looks alike and has it not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/sample.h"

static const struct sample shutdown_samples[] = {
	{"421 4.3.2 with words", .e = {SAID_421, IDLE(2 * S)},
	 .s = {FAREWELL(421), ENHANCED(4, 3, 2)}, .reply = "mx.example.net Service SHUTTING down",
	 IS(SHUTDOWN, CERTAIN, "\"shutting down\"")},
	{"421 4.3.2 alone", .e = {SAID_421, IDLE(2 * S)}, .s = {FAREWELL(421), ENHANCED(4, 3, 2)},
	 .reply = "mx.example.net bye", IS(SHUTDOWN, LIKELY, "421 4.3.2")},
	{"221 2.3.2",
	 .e = {DROP, .farewell = FAREWELL_221_UNASKED, .unasked_221 = PLACE_BETWEEN, IDLE(2 * S)},
	 .s = {FAREWELL(221), ENHANCED(2, 3, 2)}, IS(SHUTDOWN, LIKELY, "221 2.3.2")},
	{"221, and the client closed first",
	 .e = {BY_CLIENT, .farewell = FAREWELL_221_UNASKED, .unasked_221 = PLACE_BETWEEN,
	       IDLE(2 * S)},
	 .s = {FAREWELL(221)}, .hints = {.together = 3}, IS(SHUTDOWN, LIKELY, "3 sessions")},
	{"words", .e = {SAID_421, IDLE(2 * S)}, .s = {FAREWELL(421)},
	 .reply = "down for maintenance", IS(SHUTDOWN, LIKELY, "\"maintenance\"")},
	{"RFC 5321's words", .e = {SAID_421, IDLE(2 * S)}, .s = {FAREWELL(421)},
	 .reply = "mx Service not available - closing connection",
	 IS(SHUTDOWN, POSSIBLE, "\"service not available\"")},
	{"three at once", .e = {DROP, IDLE(2 * S)}, .s = {TALKED}, .hints = {.together = 3},
	 IS(SHUTDOWN, LIKELY, "3 sessions of this server")},
	{"four, of which one was reset", .e = {DROP, IDLE(2 * S)}, .s = {TALKED},
	 .hints = {.together = 4, .together_rst = 1}, IS(SHUTDOWN, LIKELY, "4 sessions")},
	{"words, and three at once", .e = {SAID_421, IDLE(2 * S)}, .s = {FAREWELL(421)},
	 .reply = "restarting", .hints = {.together = 3}, IS(SHUTDOWN, CERTAIN, "3 sessions")},
	{"only two at once", .e = {DROP, IDLE(2 * S)}, .s = {TALKED}, .hints = {.together = 2},
	 IS_UNEXPLAINED},
	{"refused together", .e = {REFUSED, ASKED(STAGE_RCPT, MS)}, .s = {FAREWELL(550)},
	 .reply = "no such user", .hints = {.together = 9}, IS_NONE},
	{"idled out together", .e = {DROP, IDLE(300 * S)}, .s = {TALKED}, .hints = {.together = 5},
	 .life = 310 * S, IS(IDLE_TIMEOUT, POSSIBLE, "limit of 300 s")},
	{"4.3.2 of a full server", .e = {SAID_421, .stage = STAGE_CONNECT},
	 .s = {.replies = 1, .last_code = 421, .farewell_code = 421, ENHANCED(4, 3, 2)},
	 .mute = true, .reply = "The maximum number of concurrent connections has exceeded a limit",
	 IS(POLICY, LIKELY, "\"concurrent connections\"")},
	{"words of an earlier farewell", .e = {SAID_421, IDLE(2 * S)},
	 .s = {.replies = 5, .last_code = 250, .farewell_code = 421}, .reply = "shutting down",
	 IS_NONE},
};

static const struct sample idle_samples[] = {
	{"words and time", .e = {SAID_421, IDLE(300 * S)}, .s = {FAREWELL(421)}, .life = 301 * S,
	 .reply = "mx SMTP command timeout - closing connection",
	 IS(IDLE_TIMEOUT, CERTAIN, "silent for 300.0 s, as if for a limit of 300 s")},
	{"words alone", .e = {SAID_421, IDLE(77 * S)}, .s = {FAREWELL(421)},
	 .reply = "connection timed out", IS(IDLE_TIMEOUT, LIKELY, "silent for 77.0 s")},
	{"4.4.2 and words", .e = {SAID_421, IDLE(77 * S)}, .s = {FAREWELL(421), ENHANCED(4, 4, 2)},
	 .reply = "mx Error: timeout exceeded", IS(IDLE_TIMEOUT, CERTAIN, "silent for 77.0 s")},
	{"4.4.2 alone", .e = {SAID_421, IDLE(77 * S)}, .s = {FAREWELL(421), ENHANCED(4, 4, 2)},
	 .reply = "mx", IS(IDLE_TIMEOUT, LIKELY, "silent for 77.0 s")},
	{"time alone", .e = {DROP, IDLE(60 * S + 300 * MS)}, .s = {TALKED}, .life = 90 * S,
	 IS(IDLE_TIMEOUT, POSSIBLE, "silent for 60.3 s, as if for a limit of 60 s")},
	{"a hundredth early", .e = {DROP, IDLE(118800 * MS)}, .s = {TALKED}, .life = 200 * S,
	 IS(IDLE_TIMEOUT, POSSIBLE, "limit of 120 s")},
	{"more than a hundredth early", .e = {DROP, IDLE(118790 * MS)}, .s = {TALKED},
	 .life = 200 * S, IS_UNEXPLAINED},
	{"half a second late", .e = {DROP, IDLE(10500 * MS)}, .s = {TALKED}, .life = 90 * S,
	 IS(IDLE_TIMEOUT, POSSIBLE, "limit of 10 s")},
	{"more than half a second late", .e = {DROP, IDLE(10510 * MS)}, .s = {TALKED},
	 .life = 90 * S, IS_UNEXPLAINED},
	{"an hour, a little late", .e = {DROP, IDLE(3630 * S)}, .s = {TALKED}, .life = 4000 * S,
	 IS(IDLE_TIMEOUT, POSSIBLE, "limit of 3600 s")},
	{"silent since the greeting", .e = {DROP, .stage = STAGE_CONNECT, .server_silence = 30 * S},
	 .s = {.replies = 1, .last_code = 220}, .mute = true, .life = 30 * S,
	 IS(IDLE_TIMEOUT, POSSIBLE, "silent for 30.0 s")},
	{"in the middle of a message",
	 .e = {DROP, .stage = STAGE_DATA, .content_open = true, .client_silence = 180 * S,
	       .server_silence = 181 * S},
	 .s = {TALKED}, .life = 190 * S, IS(IDLE_TIMEOUT, POSSIBLE, "limit of 180 s")},
	{"a refusal with the words", .e = {REFUSED, IDLE(120 * S)},
	 .s = {FAREWELL(451), ENHANCED(4, 7, 0)}, .reply = "Timeout waiting for client input",
	 .life = 130 * S, IS(IDLE_TIMEOUT, CERTAIN, "limit of 120 s")},
	{"no round time", .e = {DROP, IDLE(61 * S)}, .s = {TALKED}, .life = 90 * S, IS_UNEXPLAINED},
	{"below 10 s", .e = {DROP, IDLE(5 * S)}, .s = {TALKED}, .life = 90 * S, IS_UNEXPLAINED},
	{"the server was asked", .e = {DROP, ASKED(STAGE_MAIL, 60 * S), .transaction_open = true},
	 .s = {TALKED}, .life = 90 * S, IS_UNEXPLAINED},
	{"it had not greeted", .e = {DROP, .stage = STAGE_CONNECT}, .s = {.last_code = 0},
	 .mute = true, .life = 30 * S, IS_UNEXPLAINED},
	{"a refusal at a round time", .e = {REFUSED, ASKED(STAGE_RCPT, 30 * S)},
	 .s = {FAREWELL(451)}, .reply = "no", IS_NONE},
	{"a time-out of another", .e = {SAID_421, ASKED(STAGE_RCPT, 20 * MS)}, .s = {FAREWELL(421)},
	 .reply = "name server timeout", IS_NONE},
	{"in the middle", .e = {SAID_421, IDLE(77 * S)}, .s = {FAREWELL(421)},
	 .reply = "middleware failed, bridle broken", IS_NONE},
	{"the client closed", .e = {BY_CLIENT, .how = HOW_FIN, IDLE(300 * S)}, .s = {TALKED},
	 .life = 310 * S, IS_NONE},
	{"it sent, in vain", .e = {SAID_421, .stage = STAGE_DATA, .client_silence = 300 * S},
	 .s = {FAREWELL(421), ENHANCED(4, 4, 2)}, .reply = "timeout exceeded", .life = 310 * S,
	 .client = {.df = true, .largest = 1460, .largest_acked = 700, .stuck = 5},
	 IS(PATH_MTU, LIKELY, "\"fragmentation needed\" was seen")},
};

static const struct sample limit_samples[] = {
	{"the same age, twice before", .e = {DROP, IDLE(3 * S)}, .s = {TALKED}, .life = 120 * S,
	 .hints = {.together = 1, .same_life = 2},
	 IS(SESSION_LIMIT, LIKELY,
	    "2 earlier sessions of this server were ended at the same age, 120.0 s")},
	{"the same age, once before", .e = {DROP, IDLE(3 * S)}, .s = {TALKED}, .life = 120 * S,
	 .hints = {.together = 1, .same_life = 1}, IS(SESSION_LIMIT, POSSIBLE, "1 earlier")},
	{"words of age", .e = {SAID_421, IDLE(3 * S)}, .s = {FAREWELL(421)},
	 .reply = "Maximum session duration exceeded",
	 IS(SESSION_LIMIT, LIKELY, "\"session duration\"")},
	{"words and age", .e = {SAID_421, IDLE(3 * S)}, .s = {FAREWELL(421)},
	 .reply = "session limit", .hints = {.same_life = 1},
	 IS(SESSION_LIMIT, CERTAIN, "1 earlier")},
	{"the same age, all of it idle", .e = {DROP, IDLE(299 * S)}, .s = {TALKED}, .life = 300 * S,
	 .hints = {.together = 1, .same_life = 7}, IS(IDLE_TIMEOUT, POSSIBLE, "limit of 300 s")},
	{"the same age, idle for an odd time", .e = {DROP, IDLE(142 * S)}, .s = {TALKED},
	 .life = 143 * S, .hints = {.together = 1, .same_life = 7}, IS_UNEXPLAINED},
	{"the same age, by the client",
	 .e = {BY_CLIENT, .how = HOW_FIN, .transaction_open = true, IDLE(3 * S)}, .s = {TALKED},
	 .life = 120 * S, .hints = {.same_life = 3}, IS_NONE},
	{"the same count", .e = {DROP, .accepted = 100, IDLE(10 * MS)},
	 .s = {TALKED, .messages = 100}, .hints = {.same_messages = 2},
	 IS(MESSAGE_LIMIT, LIKELY,
	    "2 earlier sessions of this server were ended after 100 messages too")},
	{"the same count, just enough", .e = {DROP, .accepted = 5, IDLE(10 * MS)},
	 .s = {TALKED, .messages = 5}, .hints = {.same_messages = 2},
	 IS(MESSAGE_LIMIT, LIKELY, "5 messages")},
	{"the same small count", .e = {DROP, .accepted = 2, IDLE(10 * MS)},
	 .s = {TALKED, .messages = 2}, .hints = {.same_messages = 2},
	 IS(MESSAGE_LIMIT, POSSIBLE, "2 messages")},
	{"words of count", .e = {SAID_421, IDLE(10 * MS)}, .s = {FAREWELL(421), ENHANCED(4, 7, 0)},
	 .reply = "too many messages in this connection",
	 IS(MESSAGE_LIMIT, LIKELY, "\"too many messages\"")},
	{"the same count, and a long wait", .e = {DROP, .accepted = 100, IDLE(77 * S)},
	 .s = {TALKED, .messages = 100}, .hints = {.same_messages = 2}, .life = 200 * S,
	 IS_UNEXPLAINED},
	{"the same count, and another half sent", .e = {DROP, .accepted = 100, SENDING},
	 .s = {TALKED, .messages = 100}, .hints = {.same_messages = 2}, IS_UNEXPLAINED},
	{"552", .e = {REFUSED, SENDING}, .s = {FAREWELL(552)}, .reply = "no",
	 IS(SIZE_LIMIT, LIKELY, "the server said 552")},
	{"552 5.3.4", .e = {REFUSED, .stage = STAGE_MAIL}, .s = {FAREWELL(552), ENHANCED(5, 3, 4)},
	 .reply = "Message size exceeds fixed limit", IS(SIZE_LIMIT, CERTAIN, "\"message size\"")},
	{"552 of a full mailbox", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(552), ENHANCED(5, 2, 2)}, .reply = "mailbox full", IS_NONE},
	{"at the declared SIZE",
	 .e = {DROP, SENDING, .content_bytes = 10300000, .content_acked = 10240100},
	 .s = {TALKED, .size_limit = 10240000},
	 IS(SIZE_LIMIT, LIKELY,
	    "10240100 bytes of the message had arrived, the server's declared SIZE is 10240000")},
	{"at half of it", .e = {DROP, SENDING, .content_bytes = 5300000, .content_acked = 5240100},
	 .s = {TALKED, .size_limit = 10240000}, IS_UNEXPLAINED},
	{"without one", .e = {DROP, SENDING, .content_bytes = 5300000, .content_acked = 5240100},
	 .s = {TALKED}, IS_UNEXPLAINED},
};

static const struct sample refusal_samples[] = {
	{"too many errors", .e = {SAID_421, .stage = STAGE_RCPT},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 0), .refusals = 21},
	 .reply = "mx Error: too many errors",
	 IS(TOO_MANY_ERRORS, CERTAIN, "the server had refused 20 commands before")},
	{"the words alone", .e = {SAID_421, .stage = STAGE_RCPT},
	 .s = {FAREWELL(421), .refusals = 2}, .reply = "Too many bad commands; closing connection",
	 IS(TOO_MANY_ERRORS, LIKELY, "\"too many bad\"")},
	{"refusals alone",
	 .e = {DROP, .stage = STAGE_RCPT, .client_silence = MS, .server_silence = MS},
	 .s = {.commands = 8, .replies = 9, .last_code = 550, .refusals = 4},
	 IS(TOO_MANY_ERRORS, POSSIBLE, "4 commands")},
	{"just enough of them", .e = {DROP, IDLE(2 * S)}, .s = {TALKED, .refusals = 3},
	 IS(TOO_MANY_ERRORS, POSSIBLE, "3 commands")},
	{"refusals before a message", .e = {DROP, .accepted = 1, IDLE(2 * S)},
	 .s = {TALKED, .refusals = 4}, IS_UNEXPLAINED},
	{"two refusals", .e = {DROP, IDLE(2 * S)}, .s = {TALKED, .refusals = 2}, IS_UNEXPLAINED},
	{"535", .e = {REFUSED, .stage = STAGE_AUTH},
	 .s = {FAREWELL(535), ENHANCED(5, 7, 8), .refusals = 1, .auth_failures = 1},
	 .reply = "Error: no", IS(AUTH_FAILURES, CERTAIN, "1 of the client's AUTH had failed")},
	{"dropped after two AUTH", .e = {DROP, .stage = STAGE_AUTH},
	 .s = {TALKED, .refusals = 2, .auth_failures = 2},
	 IS(AUTH_FAILURES, LIKELY, "2 of the client's AUTH had failed")},
	{"dropped after one", .e = {DROP, .stage = STAGE_AUTH},
	 .s = {TALKED, .refusals = 1, .auth_failures = 1}, IS(AUTH_FAILURES, POSSIBLE, "1 of")},
	{"words on AUTH", .e = {SAID_421, .stage = STAGE_AUTH},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 0), .auth_failures = 3, .refusals = 4},
	 .reply = "Too many login attempts", IS(AUTH_FAILURES, CERTAIN, "3 of")},
	{"failed, then went on", .e = {DROP, .accepted = 1, IDLE(2 * S)},
	 .s = {TALKED, .refusals = 2, .auth_failures = 2}, IS_UNEXPLAINED},
	{"a block list", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(554), ENHANCED(5, 7, 1)},
	 .reply = "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
	 IS(POLICY, CERTAIN, "\"spamhaus\"")},
	{"5.7.1 alone", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(550), ENHANCED(5, 7, 1)}, .reply = "no", IS(POLICY, LIKELY, "550 5.7.1")},
	{"4.7.0 alone", .e = {SAID_421, .stage = STAGE_RCPT},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 0)}, .reply = "no", IS(POLICY, POSSIBLE, "421 4.7.0")},
	{"4.7.0, again later: politeness weighs nothing", .e = {SAID_421, .stage = STAGE_RCPT},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 0)}, .reply = "Try again later, closing connection",
	 IS(POLICY, POSSIBLE, "421 4.7.0")},
	{"spoke too early", .e = {REFUSED, .stage = STAGE_CONNECT},
	 .s = {.replies = 1, .last_code = 554, .farewell_code = 554, .flaws = FLAW_PREGREET},
	 .reply = "SMTP synchronization error",
	 IS(POLICY, CERTAIN, "before the server's greeting")},
	{"spoke too early, and was refused in other words", .e = {REFUSED, .stage = STAGE_EHLO},
	 .s = {FAREWELL(500), .flaws = FLAW_PREGREET}, .reply = "no",
	 IS(POLICY, LIKELY, "before the server's greeting")},
	{"spoke too early, and was dropped", .e = {DROP, .stage = STAGE_EHLO},
	 .s = {.replies = 1, .last_code = 220, .flaws = FLAW_PREGREET},
	 IS(POLICY, POSSIBLE, "before the server's greeting")},
	{"refused at the greeting",
	 .e = {.closer = CLOSER_SERVER, .farewell = FAREWELL_REFUSAL, .stage = STAGE_CONNECT},
	 .s = {.replies = 1, .last_code = 554, .farewell_code = 554}, .reply = "no", .mute = true,
	 IS(POLICY, POSSIBLE, "at its greeting, with 554")},
	{"a user that does not exist", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(550), ENHANCED(5, 1, 1)}, .reply = "User unknown", IS_NONE},
	{"spoke too early, long ago", .e = {DROP, .accepted = 1, IDLE(2 * S)},
	 .s = {TALKED, .flaws = FLAW_PREGREET}, IS_UNEXPLAINED},
	{"a disk that is full", .e = {SAID_421, .stage = STAGE_DATA},
	 .s = {FAREWELL(421), ENHANCED(4, 3, 0)}, .reply = "collect: Cannot write", IS_NONE},
};

#define SAID_221(stage_)                                                                           \
	.closer = CLOSER_SERVER, .how = HOW_FIN, .stage = (stage_),                                \
	.farewell = FAREWELL_221_UNASKED, .unasked_221 = PLACE_BEFORE
#define BUSY .client_silence = S, .server_silence = 2 * S

/* Of what a farewell says, and what can be measured beside it, the better evidence decides. */
static const struct sample order_samples[] = {
	{"a class that is not the code's", .e = {SAID_221(STAGE_RCPT), .client_silence = 97 * S},
	 .s = {FAREWELL(221), ENHANCED(2, 4, 2)}, .reply = "mx.example.net",
	 IS(IDLE_TIMEOUT, LIKELY, "silent for 97.0 s")},
	{"a code, and politeness", .e = {SAID_221(STAGE_RCPT)},
	 .s = {FAREWELL(221), ENHANCED(4, 3, 2)},
	 .reply = "Service unavailable, please try again later", IS(SHUTDOWN, LIKELY, "221 4.3.2")},
	{"a code, and words of another cause", .e = {SAID_421, IDLE(2 * S)},
	 .s = {FAREWELL(421), ENHANCED(4, 4, 2)}, .reply = "mx Session lifetime exceeded",
	 IS(SESSION_LIMIT, LIKELY, "other words for \"session duration\"")},
	{"a code, and the server's own trouble", .e = {SAID_421, IDLE(2 * S)},
	 .s = {FAREWELL(421), ENHANCED(4, 3, 2)}, .reply = "mx system resources exhausted",
	 IS_NONE},
	{"a code of AUTH beats words", .e = {SAID_221(STAGE_AUTH)},
	 .s = {FAREWELL(221), ENHANCED(2, 7, 8)}, .reply = "blocked",
	 IS(AUTH_FAILURES, LIKELY, "221 2.7.8")},
	{"the same code elsewhere", .e = {SAID_421, IDLE(2 * S)},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 9)}, .reply = "refused for policy reasons",
	 IS(POLICY, LIKELY, "\"policy\"")},
	{"421 4.3.2 in answer to a command", .e = {SAID_421, .stage = STAGE_MAIL},
	 .s = {FAREWELL(421), ENHANCED(4, 3, 2)}, .reply = "mx Service not available", IS_NONE},
	{"421 4.3.2 that answers nothing", .e = {SAID_421, .stage = STAGE_MAIL, .unprompted = true},
	 .s = {FAREWELL(421), ENHANCED(4, 3, 2)}, .reply = "mx Service not available",
	 IS(SHUTDOWN, LIKELY, "421 4.3.2")},
	{"421 4.4.2 in answer to a command", .e = {SAID_421, ASKED(STAGE_MAIL, 77 * S)},
	 .s = {FAREWELL(421), ENHANCED(4, 4, 2)}, .reply = "mx please upgrade your plan", IS_NONE},
	{"454 4.7.0 to AUTH is the server's", .e = {REFUSED, .stage = STAGE_AUTH},
	 .s = {FAREWELL(454), ENHANCED(4, 7, 0)}, .reply = "something is wrong", IS_NONE},
	{"421 4.7.0 to AUTH is not", .e = {SAID_421, .stage = STAGE_AUTH},
	 .s = {FAREWELL(421), ENHANCED(4, 7, 0)}, .reply = "something is wrong",
	 IS(POLICY, POSSIBLE, "421 4.7.0")},
	{"an authentication that fails at RCPT", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(553)}, .reply = "AUTH failed",
	 IS(POLICY, LIKELY, "\"authentication fail\"")},
	{"an authentication that fails at MAIL", .e = {REFUSED, .stage = STAGE_MAIL},
	 .s = {FAREWELL(550)}, .reply = "AUTH failed",
	 IS(AUTH_FAILURES, LIKELY, "\"authentication fail\"")},
	{"too many errors, refused at the greeting for good",
	 .e = {REFUSED, .stage = STAGE_CONNECT}, .s = {FAREWELL(554)},
	 .reply = "Too many errors from your address", IS(POLICY, LIKELY, "\"too many errors\"")},
	{"too many errors at the greeting", .e = {SAID_421, .stage = STAGE_CONNECT},
	 .s = {FAREWELL(421)}, .reply = "Too many errors from your address",
	 IS(TOO_MANY_ERRORS, LIKELY, "\"too many errors\"")},
	{"5.3.4 of what the message holds", .e = {REFUSED, .stage = STAGE_END_OF_MESSAGE},
	 .s = {FAREWELL(552), ENHANCED(5, 3, 4)}, .reply = "it has a virus",
	 IS(POLICY, LIKELY, "\"virus\"")},
	{"the form of a message is no rule", .e = {REFUSED, .stage = STAGE_END_OF_MESSAGE},
	 .s = {FAREWELL(554), ENHANCED(5, 6, 0)}, .reply = "Invalid header, rejected", IS_NONE},
	{"its content is", .e = {REFUSED, .stage = STAGE_END_OF_MESSAGE},
	 .s = {FAREWELL(554), ENHANCED(5, 6, 0)}, .reply = "Content rejected",
	 IS(POLICY, LIKELY, "\"rejected\"")},
	{"the form of an address is no rule", .e = {REFUSED, .stage = STAGE_MAIL},
	 .s = {FAREWELL(553)}, .reply = "Invalid sender, syntax error", IS_NONE},
	{"denied, and the code says that it does not exist", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(550), ENHANCED(5, 1, 1)}, .reply = "denied", IS_NONE},
	{"denied, and the code is of the sender", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(550), ENHANCED(5, 1, 8)}, .reply = "denied",
	 IS(POLICY, POSSIBLE, "\"denied\"")},
	{"greylisted, with a code of the mailbox", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(450), ENHANCED(4, 2, 1)}, .reply = "greylisted",
	 IS(POLICY, POSSIBLE, "\"greylist\"")},
	{"552 to RCPT", .e = {REFUSED, .stage = STAGE_RCPT}, .s = {FAREWELL(552)}, .reply = "no",
	 IS_NONE},
	{"5.2.2, however large the message", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(552), ENHANCED(5, 2, 2)},
	 .reply = "The message is larger than the limit, or the mailbox is full", IS_NONE},
	{"451 4.3.2 is no shutdown", .e = {REFUSED, .stage = STAGE_RCPT},
	 .s = {FAREWELL(451), ENHANCED(4, 3, 2)}, .reply = "no", IS_NONE},
	{"the RFC's phrase, and time", .e = {SAID_421, IDLE(300 * S)}, .s = {FAREWELL(421)},
	 .life = 310 * S,
	 .reply = "mx.example.net Service not available, closing transmission channel",
	 IS(IDLE_TIMEOUT, POSSIBLE, "limit of 300 s")},
	{"weak words, and time", .e = {SAID_421, IDLE(300 * S)}, .s = {FAREWELL(421)},
	 .life = 310 * S, .reply = "mx.example.net Service not available - closing connection",
	 IS(IDLE_TIMEOUT, POSSIBLE, "limit of 300 s")},
	{"of an age, and busy", .e = {SAID_221(STAGE_IDLE), BUSY}, .s = {FAREWELL(221)},
	 .reply = "closing", .life = 594 * S,
	 IS(SESSION_LIMIT, POSSIBLE, "594.0 s old, as if for a limit of 600 s")},
	{"of an age, and dropped", .e = {DROP, BUSY}, .s = {TALKED}, .life = 909 * S,
	 IS(SESSION_LIMIT, POSSIBLE, "limit of 900 s")},
	{"of an age, with words of time", .e = {SAID_421, BUSY},
	 .s = {FAREWELL(421), ENHANCED(4, 4, 1)}, .reply = "Connection timed out", .life = 600 * S,
	 IS(SESSION_LIMIT, LIKELY, "limit of 600 s")},
	{"of no such age", .e = {SAID_221(STAGE_IDLE), BUSY}, .s = {FAREWELL(221)},
	 .reply = "closing", .life = 593 * S, IS_UNEXPLAINED},
	{"of an age, and refused", .e = {REFUSED, .stage = STAGE_RCPT, BUSY}, .s = {FAREWELL(550)},
	 .reply = "no user", .life = 600 * S, IS_NONE},
	{"of an age, and silent for all of it", .e = {DROP, IDLE(591 * S)}, .s = {TALKED},
	 .life = 600 * S, IS_UNEXPLAINED},
	{"a message waited for", .e = {DROP, DOT(290 * S)}, .s = {TALKED}, .life = 300 * S,
	 IS(SLOW_FILTER, POSSIBLE, "290.0 s later")},
	{"a 221 as the greeting", .e = {SAID_221(STAGE_CONNECT)},
	 .s = {.replies = 1, .last_code = 221, .farewell_code = 221}, .mute = true,
	 IS(POLICY, POSSIBLE, "221 as its greeting")},
	{"a 221 to EHLO", .e = {SAID_221(STAGE_EHLO)}, .s = {FAREWELL(221)},
	 .reply = "mx Service closing transmission channel",
	 IS(POLICY, POSSIBLE, "in place of the answer to EHLO")},
	{"a 221 after EHLO was answered", .e = {SAID_221(STAGE_EHLO), .unprompted = true, BUSY},
	 .s = {FAREWELL(221)}, .reply = "closing", IS_UNEXPLAINED},
	{"a 221 to EHLO, and trouble", .e = {SAID_221(STAGE_EHLO)}, .s = {FAREWELL(221)},
	 .reply = "out of memory", IS_UNEXPLAINED},
	{"a 221 for AUTH", .e = {SAID_221(STAGE_AUTH)}, .s = {FAREWELL(221)}, .reply = "closing",
	 IS(AUTH_FAILURES, POSSIBLE, "221 in place of the answer to AUTH")},
	{"a 221 to MAIL", .e = {SAID_221(STAGE_MAIL)}, .s = {FAREWELL(221)}, .reply = "closing",
	 IS_UNEXPLAINED},
};

/* Nothing is asked of what is fine, whatever else is true of it. */
static const struct sample fine_samples[] = {
	{"clean",
	 .e = {BY_CLIENT, .farewell = FAREWELL_221_AFTER_QUIT, .stage = STAGE_DONE,
	       .quit_sent = true, .quit_answered = true, .accepted = 1},
	 .s = {TALKED}, .client = {.stuck = 9, .df = true, .largest = 1460, .largest_acked = 9},
	 .server = {.window_closed = true, .reset = {.seen = true, .after = 3}}, IS_NONE},
	{"encrypted", .e = {DROP, .encrypted = true, .farewell = FAREWELL_HIDDEN},
	 .s = {TALKED, .tls = true, .tls_done = true}, .server = {.window_closed = true}, IS_NONE},
	{"QUIT not awaited", .e = {BY_CLIENT, .quit_sent = true}, .s = {TALKED},
	 .server = {.unacked = 20, .unanswered_since = S}, IS_NONE},
	{"QUIT with a message open",
	 .e = {BY_CLIENT, .quit_sent = true, .quit_in_transaction = true}, .s = {TALKED},
	 .server = {.window_closed = true}, IS_NONE},
	{"a probe", .e = {.closer = CLOSER_CLIENT, .client_silence = 0},
	 .s = {.replies = 1, .last_code = 220}, .mute = true, IS_NONE},
	{"refused", .e = {.refused = true, .closer = CLOSER_SERVER, .how = HOW_RST},
	 .server = RST_OF(.ttl = 99), .mute = true, IS_NONE},
	{"not answered", .e = {.no_answer = true}, .client = {.unreachable = 3, .unanswered = 5},
	 .mute = true, IS_NONE},
	{"not known", .e = {DROP, .unsure = UNSURE_SERVER_GAP, .farewell = FAREWELL_UNKNOWN},
	 .s = {TALKED}, .server = {.window_closed = true}, IS_NONE},
	{"no QUIT", .e = {BY_CLIENT, .finished = 1, IDLE(300 * S)}, .s = {TALKED},
	 .server = {.window_closed = true}, .life = 310 * S, IS_NONE},
};

static const struct sample_list lists[] = {SAMPLES(shutdown_samples), SAMPLES(idle_samples),
					   SAMPLES(limit_samples),    SAMPLES(refusal_samples),
					   SAMPLES(fine_samples),     SAMPLES(order_samples)};

static void shutdowns(void **state)
{
	(void)state;
	samples_check(lists[0]);
}

static void idle_timeouts(void **state)
{
	(void)state;
	samples_check(lists[1]);
}

static void limits(void **state)
{
	(void)state;
	samples_check(lists[2]);
}

static void refusals(void **state)
{
	(void)state;
	samples_check(lists[3]);
}

static void what_is_fine_has_none(void **state)
{
	(void)state;
	samples_check(lists[4]);
}

static void the_better_evidence_decides(void **state)
{
	(void)state;
	samples_check(lists[5]);
}

static void every_cause_has_its_sample(void **state)
{
	(void)state;
	samples_cover(lists, sizeof lists / sizeof *lists, 0, CAUSE_SIZE_LIMIT);
}

static void input_at_random(void **state)
{
	(void)state;
	samples_mix("facts_at_random", lists, sizeof lists / sizeof *lists);
}

/* Real farewells: code and text behind it, after a silence of the client, and what is to be made of
 * them. */
static const struct farewell_sample {
	const char *line;
	int64_t silence;
	enum stage stage;
	enum cause_id cause;
	enum confidence confidence;
} farewells[] = {
	{"421 4.4.2 mx.example.net Error: timeout exceeded", 300 * S, STAGE_IDLE,
	 CAUSE_IDLE_TIMEOUT, CONFIDENCE_CERTAIN},
	{"421 mx.example.net SMTP command timeout - closing connection", 300 * S, STAGE_EHLO,
	 CAUSE_IDLE_TIMEOUT, CONFIDENCE_CERTAIN},
	{"421 mx.example.net SMTP incoming data timeout - closing connection.", 100 * S, STAGE_DATA,
	 CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY},
	{"421 4.4.1 mx.example.net timeout waiting for input from [192.0.2.1]", 3600 * S,
	 STAGE_DATA, CAUSE_IDLE_TIMEOUT, CONFIDENCE_CERTAIN},
	{"421 timeout", 30 * S, STAGE_IDLE, CAUSE_IDLE_TIMEOUT, CONFIDENCE_CERTAIN},
	{"421 4.4.1 mx.example.net Lost input channel from [192.0.2.1]", 3 * S, STAGE_DATA,
	 CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE},
	{"421 4.7.0 mx.example.net Error: too many errors", MS, STAGE_RCPT, CAUSE_TOO_MANY_ERRORS,
	 CONFIDENCE_LIKELY},
	{"421 4.7.0 mx.example.net Too many bad commands; closing connection", MS, STAGE_EHLO,
	 CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY},
	{"421 mx.example.net Too many nonmail commands", MS, STAGE_EHLO, CAUSE_TOO_MANY_ERRORS,
	 CONFIDENCE_LIKELY},
	{"421 4.3.2 mx.example.net System not accepting network messages", MS, STAGE_IDLE,
	 CAUSE_SHUTDOWN, CONFIDENCE_LIKELY},
	{"421 mx.example.net Service not available - closing connection", MS, STAGE_IDLE,
	 CAUSE_SHUTDOWN, CONFIDENCE_POSSIBLE},
	{"421 4.3.2 All server ports are busy", MS, STAGE_CONNECT, CAUSE_UNEXPLAINED,
	 CONFIDENCE_POSSIBLE},
	{"421 too many messages in this connection", MS, STAGE_IDLE, CAUSE_MESSAGE_LIMIT,
	 CONFIDENCE_LIKELY},
	{"421 4.7.0 Try again later, closing connection. x1-gsmtp", MS, STAGE_IDLE, CAUSE_POLICY,
	 CONFIDENCE_POSSIBLE},
	{"421 4.4.5 Server busy, try again later.", MS, STAGE_CONNECT, CAUSE_UNEXPLAINED,
	 CONFIDENCE_POSSIBLE},
	{"421 4.7.0 mx.example.net Error: too many connections from 192.0.2.1", MS, STAGE_CONNECT,
	 CAUSE_POLICY, CONFIDENCE_CERTAIN},
	{"421 4.3.2 Connection rate limit exceeded.", MS, STAGE_CONNECT, CAUSE_POLICY,
	 CONFIDENCE_LIKELY},
	{"421 4.3.0 collect: Cannot write ./dfXX (bfcommit, uid=0): No space left", MS, STAGE_DATA,
	 CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE},
	{"421 Maximum session duration exceeded", MS, STAGE_IDLE, CAUSE_SESSION_LIMIT,
	 CONFIDENCE_LIKELY},
	{"421 Session timed out", 60 * S, STAGE_IDLE, CAUSE_IDLE_TIMEOUT, CONFIDENCE_CERTAIN},
	{"454 TLS currently unavailable", MS, STAGE_STARTTLS, CAUSE_TLS_FAILURE,
	 CONFIDENCE_CERTAIN},
	{"535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", MS, STAGE_AUTH,
	 CAUSE_AUTH_FAILURES, CONFIDENCE_CERTAIN},
	{"552 5.2.3 Message size exceeds administrative limit", MS, STAGE_DATA, CAUSE_SIZE_LIMIT,
	 CONFIDENCE_CERTAIN},
	{"554 5.7.1 Access denied", MS, STAGE_RCPT, CAUSE_POLICY, CONFIDENCE_CERTAIN},
	{"554 SMTP synchronization error", MS, STAGE_EHLO, CAUSE_POLICY, CONFIDENCE_LIKELY},
	{"550 5.1.1 <postmaster@restaurant.example>: Recipient address rejected", MS, STAGE_RCPT,
	 CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE},
};

static void what_servers_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof farewells / sizeof *farewells; i++) {
		const struct farewell_sample *w = &farewells[i];
		struct smtp_reply r = smtp_reply_read(bytes_str(w->line));
		char text[100];
		snprintf(text, sizeof text, "%.*s", (int)r.text.n, (const char *)r.text.p);
		struct sample p = {w->line, .reply = text, .cause = w->cause,
				   .confidence = w->confidence, .evidence = ""};
		bool gone = r.code == 421;
		p.life = w->silence + 7 * S;
		p.s = (struct session_info){FAREWELL(r.code), .farewell_enhanced = r.enhanced};
		p.e = (struct ending){BY_SERVER, .stage = w->stage, .client_silence = w->silence,
				      .farewell = gone ? FAREWELL_421 : FAREWELL_REFUSAL,
				      .final_421 = gone ? PLACE_BEFORE : 0};
		struct sample_input f = {.pool = pool_new((size_t)16 << 20)};
		struct cause c;
		sample_take(&f, &p);
		cause_find(&f.all, &c);
		if (c.id != w->cause || c.confidence != w->confidence)
			fail_msg("\"%s\" is %s, %s", w->line, cause_row(c.id)->id,
				 confidence_name(c.confidence));
		pool_free(f.pool);
	}
}

static void the_table_is_whole(void **state)
{
	(void)state;
	for (enum cause_id id = 0; id < CAUSES; id++) {
		const struct cause_row *row = cause_row(id);
		assert_non_null(row->id);
		assert_non_null(row->meaning);
		assert_non_null(row->holds);
		assert_true(row->advice != NULL || id == CAUSE_UNEXPLAINED);
		assert_int_equal(cause_read(row->id), id);
	}
	assert_int_equal(cause_read("idle"), CAUSES);
	assert_int_equal(cause_read(""), CAUSES);
	assert_string_equal(confidence_name(CONFIDENCE_POSSIBLE), "possible");
	assert_string_equal(confidence_name(CONFIDENCE_LIKELY), "likely");
	assert_string_equal(confidence_name(CONFIDENCE_CERTAIN), "certain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shutdowns),
		cmocka_unit_test(idle_timeouts),
		cmocka_unit_test(limits),
		cmocka_unit_test(refusals),
		cmocka_unit_test(what_is_fine_has_none),
		cmocka_unit_test(the_better_evidence_decides),
		cmocka_unit_test(every_cause_has_its_sample),
		cmocka_unit_test(input_at_random),
		cmocka_unit_test(what_servers_say),
		cmocka_unit_test(the_table_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

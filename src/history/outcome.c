/* outcome.c - attempts matched to mails, and mails told of when their outcome changes. */
#include "history/outcome.h"

#include "history/judge.h"
#include "history/mail_table.h"

#include <stdlib.h>

/* LEARNERS: clients whose pauses are kept. VICTIMS: mails among which the one to be forgotten is
 * chosen. GAP_MS: the unit of mail.gap. */
enum { LEARNERS = 1 << 14, VICTIMS = 64, GAP_MS = 8000 };

static const int64_t bounce_time = INT64_C(3600) * 1000, twin_time = 60 * 1000,
		     learned_max = INT64_C(12) * 3600 * 1000;

struct learner {
	uint32_t client; /* hash */
	uint32_t pause;  /* the longest, milliseconds */
};

struct outcomes {
	struct outcomes_config config;
	struct mail_table mails;
	struct watch watch;
	struct learner learners[LEARNERS];
	uint64_t forgotten;
	int64_t now;     /* the latest attempt */
	uint32_t looked; /* mails looked at by outcomes_tick */
};

struct outcomes *outcomes_new(const struct outcomes_config *config)
{
	struct outcomes *o = calloc(1, sizeof *o);
	if (!o)
		return NULL;
	o->config = *config;
	if (watch_init(&o->watch) && mail_table_init(&o->mails, config->mails))
		return o;
	outcomes_free(o);
	return NULL;
}

void outcomes_free(struct outcomes *o)
{
	if (!o)
		return;
	watch_free(&o->watch);
	mail_table_free(&o->mails);
	free(o);
}

uint32_t outcomes_count(const struct outcomes *o)
{
	return o->mails.count;
}

uint64_t outcomes_forgotten(const struct outcomes *o)
{
	return o->forgotten;
}

bool outcomes_watched(struct outcomes *o, unsigned gateway, int64_t start, int64_t end)
{
	return watch_add(&o->watch, gateway % WATCH_GATEWAYS, start, end);
}

void outcomes_unread(struct outcomes *o, int64_t at, uint64_t site, const struct ip_addr *client)
{
	watch_unread_add(&o->watch, at, mail_hash(site));
	watch_unread_add(&o->watch, at, mail_client_hash(client));
}

void outcomes_blind(struct outcomes *o, int64_t start, int64_t end)
{
	for (int64_t at = start; at / WATCH_HOUR_MS <= end / WATCH_HOUR_MS; at += WATCH_HOUR_MS)
		watch_unread_add(&o->watch, at, WATCH_ALL);
}

static struct learner *learner_of(struct outcomes *o, uint32_t client)
{
	return &o->learners[client % LEARNERS];
}

static void pause_learn(struct outcomes *o, uint32_t client, int64_t pause)
{
	struct learner *l = learner_of(o, client);
	if (l->client != client)
		*l = (struct learner){.client = client};
	if (pause > l->pause && pause <= learned_max)
		l->pause = (uint32_t)pause;
}

static struct mail_view view_of(struct outcomes *o, const struct mail *m, int64_t now)
{
	const struct learner *l = learner_of(o, m->client);
	return mail_judge(m, &o->watch, now, l->client == m->client ? l->pause : 0,
			  o->config.give_up);
}

static void change_tell(struct outcomes *o, struct mail *m, int64_t now)
{
	struct mail_view v;
	if (!o->config.changed)
		return;
	v = view_of(o, m, now);
	if (v.outcome == m->told)
		return;
	o->config.changed(o->config.arg, &v);
	m->told = v.outcome & 15;
}

/* Makes room: a mail that is over goes first, else the one that began first of a few. */
static void one_forget(struct outcomes *o)
{
	struct mail_table *t = &o->mails;
	struct mail *victim = NULL;
	for (unsigned i = 0; i < VICTIMS; i++) {
		struct mail *m = &t->all[t->hand];
		t->hand = t->hand + 1 < t->used ? t->hand + 1 : 0;
		if (m->tries == 0)
			continue;
		if (!victim || (mail_is_over(m) && !mail_is_over(victim)) ||
		    (mail_is_over(m) == mail_is_over(victim) && m->first < victim->first))
			victim = m;
	}
	if (!victim)
		return;
	o->forgotten += !mail_is_over(victim);
	if (o->config.forgotten) {
		struct mail_view v = view_of(o, victim, o->now);
		o->config.forgotten(o->config.arg, &v);
	}
	mail_table_remove(t, victim);
}

static struct mail *mail_new(struct outcomes *o, const struct mail *like)
{
	struct mail *m = mail_table_add(&o->mails);
	if (!m) {
		one_forget(o);
		m = mail_table_add(&o->mails);
	}
	if (!m)
		return NULL;
	*m = *like;
	m->told = OUTCOME_ACCEPTED;
	if (m->msgid)
		mail_index_put(&o->mails, MAIL_MID, m);
	return m;
}

/* The mail that an attempt belongs to: by Message-ID, or, where one of the two has none, by the
 * envelope, if no acceptance has ended the mail. NULL: a new mail. */
static struct mail *mail_find(struct outcomes *o, const struct mail *like)
{
	struct mail *m, *found = NULL;
	uint32_t at = 0;
	while (like->msgid && (m = mail_index_next(&o->mails, MAIL_MID, like, &at)))
		if (m->msgid == like->msgid && m->rcpt == like->rcpt && m->site == like->site &&
		    m->sender == like->sender) {
			m->by_mid |= m->size != like->size;
			return m;
		}
	at = 0;
	while ((m = mail_index_next(&o->mails, MAIL_ENV, like, &at)))
		if (mail_same_envelope(m, like) && m->site == like->site &&
		    (!m->msgid || !like->msgid) &&
		    (!found || m->first + m->last > found->first + found->last))
			found = m;
	if (found)
		found->by_env = 1;
	return found;
}

/* Another gateway has seen the same connection. */
static bool is_twin(const struct mail *m, const struct attempt *a, unsigned gateway)
{
	return m->tries > 0 && m->gateway != gateway % WATCH_GATEWAYS && m->fate == a->fate &&
	       m->flow == mail_flow_hash(a) && a->at - (m->first + m->last) < twin_time;
}

static uint32_t since(const struct mail *m, int64_t at)
{
	int64_t ms = at > m->first ? at - m->first : 0;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* The times of a further attempt. */
static void times_take(struct outcomes *o, struct mail *m, int64_t at)
{
	int64_t pause = at - (m->first + m->last);
	if (m->tries > 0 && pause > 0) {
		m->gap = pause / GAP_MS < UINT16_MAX ? (uint16_t)(pause / GAP_MS) : UINT16_MAX;
		if (m->trouble)
			pause_learn(o, m->client, pause);
	}
	m->last = since(m, at);
	m->tries += m->tries < UINT16_MAX;
}

static void accepted_take(struct outcomes *o, struct mail *m, int64_t at)
{
	if (m->accepted == 0)
		m->settled = since(m, at);
	m->after |= m->trouble && m->accepted == 0;
	m->accepted += m->accepted < 3;
	mail_index_take(&o->mails, MAIL_ENV, m);
	mail_index_take(&o->mails, MAIL_BOUNCE, m);
}

static void trouble_take(struct outcomes *o, struct mail *m, const struct attempt *a)
{
	if (!m->trouble && m->accepted == 0)
		m->first = a->at;
	m->trouble = 1;
	m->last = since(m, a->at);
	if (a->flags & ATTEMPT_TAKEN)
		m->taken += m->taken < 3;
	else
		m->maybe |= a->fate == ATTEMPT_UNANSWERED && (a->flags & ATTEMPT_ACKED);
	if (m->accepted > 0)
		return;
	mail_index_put(&o->mails, MAIL_ENV, m);
	mail_index_put(&o->mails, MAIL_BOUNCE, m);
}

/* What a mail learns of its further attempt: a Message-ID that the earlier ones lacked. */
static void msgid_take(struct outcomes *o, struct mail *m, uint64_t msgid)
{
	if (m->msgid || !msgid)
		return;
	m->msgid = msgid;
	mail_index_put(&o->mails, MAIL_MID, m);
}

/* The same message was accepted at another site: that ends the mails in trouble. */
static void elsewhere_take(struct outcomes *o, const struct mail *like, int64_t at)
{
	for (unsigned i = MAIL_MID; i <= MAIL_ENV; i++) {
		struct mail *m;
		uint32_t next = 0;
		while ((m = mail_index_next(&o->mails, (enum mail_index)i, like, &next))) {
			bool same = i == MAIL_MID ? like->msgid && m->msgid == like->msgid &&
							    m->rcpt == like->rcpt
						  : mail_same_envelope(m, like) &&
							    (!m->msgid || !like->msgid);
			if (!same || m->site == like->site || !m->trouble || m->elsewhere ||
			    m->accepted > 0)
				continue;
			m->elsewhere = 1;
			m->by_env |= i == MAIL_ENV;
			m->settled = since(m, at);
			change_tell(o, m, at);
		}
	}
}

/* A message from <> to the sender of a mail, through the same client, within the hour: of several
 * mails the latest. */
static void bounce_take(struct outcomes *o, const struct attempt *a, const struct mail *like)
{
	struct mail key = {.sender = mail_hash(a->rcpt), .client = like->client}, *m;
	struct mail *found = NULL;
	uint32_t at = 0;
	while ((m = mail_index_next(&o->mails, MAIL_BOUNCE, &key, &at))) {
		int64_t last = m->first + m->last;
		if (m->sender == key.sender && m->client == key.client && !m->bounced &&
		    !m->elsewhere && last <= a->at && a->at - last <= bounce_time &&
		    (!found || last > found->first + found->last))
			found = m;
	}
	if (!found)
		return;
	found->bounced = 1;
	change_tell(o, found, a->at);
}

void outcomes_attempt(struct outcomes *o, const struct attempt *a, unsigned gateway)
{
	struct mail like = mail_like(a), *m;
	o->now = a->at > o->now ? a->at : o->now;
	if (a->fate == ATTEMPT_UNKNOWN)
		outcomes_unread(o, a->at, a->site, &a->client);
	if (like.null_sender && a->rcpt && a->fate != ATTEMPT_ABORTED)
		bounce_take(o, a, &like);
	/* A look-up of an address is no try. */
	if (a->rcpt == 0 || a->fate == ATTEMPT_ABORTED)
		return;
	m = mail_find(o, &like);
	if (!m && a->fate != ATTEMPT_UNKNOWN)
		m = mail_new(o, &like);
	if (!m || is_twin(m, a, gateway))
		return;
	times_take(o, m, a->at);
	m->flow = mail_flow_hash(a);
	m->gateway = gateway % WATCH_GATEWAYS;
	m->fate = a->fate & 15;
	msgid_take(o, m, a->msgid);
	if (a->fate == ATTEMPT_ACCEPTED) {
		accepted_take(o, m, a->at);
		elsewhere_take(o, &like, a->at);
	} else if (a->fate != ATTEMPT_UNKNOWN) {
		trouble_take(o, m, a);
	}
	change_tell(o, m, a->at);
}

void outcomes_tick(struct outcomes *o, int64_t now, unsigned calls)
{
	uint32_t n = o->mails.used / (calls ? calls : 1) + 1;
	o->now = now > o->now ? now : o->now;
	for (uint32_t i = 0; i < n && o->mails.used > 0; i++) {
		struct mail *m = &o->mails.all[o->looked % o->mails.used];
		o->looked = (o->looked + 1) % o->mails.used;
		if (m->tries > 0)
			change_tell(o, m, now);
	}
}

void outcomes_each(struct outcomes *o, int64_t now, mail_listener *listener, void *arg)
{
	for (uint32_t i = 0; i < o->mails.used; i++)
		if (o->mails.all[i].tries > 0) {
			struct mail_view v = view_of(o, &o->mails.all[i], now);
			listener(arg, &v);
		}
}

void outcomes_listen(struct outcomes *o, int64_t now, mail_listener *changed, void *arg)
{
	o->config.changed = changed;
	o->config.arg = arg;
	for (uint32_t i = 0; i < o->mails.used; i++)
		if (o->mails.all[i].tries > 0)
			o->mails.all[i].told = view_of(o, &o->mails.all[i], now).outcome & 15;
}

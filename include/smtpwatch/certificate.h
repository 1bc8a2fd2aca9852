/* certificate.h - the three things that are told of a certificate: whose it is, who says so, and
 * until when (RFC 5280 4.1). */
#ifndef SMTPWATCH_CERTIFICATE_H
#define SMTPWATCH_CERTIFICATE_H

#include "smtpwatch/bytes.h"

/* Borrowed from the certificate; bytes of the wire. */
struct certificate {
	struct bytes subject, issuer; /* the common name, or, where there is none, the organisation;
					 n 0: neither */
	int64_t expires;              /* nanoseconds since the epoch; 0: not read */
};

/* Reads DER, which may be cut at the end. Nothing is verified. False: it is none, or nothing could
 * be read. */
bool certificate_read(struct bytes der, struct certificate *out);

#endif

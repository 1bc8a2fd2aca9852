/* certificate.h - subject, issuer and expiry of an X.509 certificate (RFC 5280 4.1). */
#ifndef SMTPWATCH_CERTIFICATE_H
#define SMTPWATCH_CERTIFICATE_H

#include "smtpwatch/bytes.h"

/* Subject and issuer are borrowed from the DER that was read. Their bytes are unchecked: they come
 * from the network. */
struct certificate {
	/* The common name; if there is none, the organisation. n 0: neither. */
	struct bytes subject, issuer;
	int64_t expires; /* nanoseconds since the epoch; 0: could not be read */
};

/* Reads a certificate in DER, which may be cut at its end. Verifies no signature. Returns false if
 * der is no certificate or if no member could be read. */
bool certificate_read(struct bytes der, struct certificate *out);

#endif

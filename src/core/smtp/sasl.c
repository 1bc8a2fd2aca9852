/* sasl.c - the table of mechanisms. */
#include "core/smtp/sasl.h"

#include "base/ascii.h"

/* IANA's registry "Simple Authentication and Security Layer (SASL) Mechanisms", and those below
 * that servers offer without being in it. */
static const char *const mechanisms[] = {
	"PLAIN",
	"LOGIN",
	"CRAM-MD5",
	"DIGEST-MD5",
	"XOAUTH2",
	"OAUTHBEARER",
	"SCRAM-SHA-1",
	"SCRAM-SHA-1-PLUS",
	"SCRAM-SHA-256",
	"SCRAM-SHA-256-PLUS",
	"NTLM",
	"GSSAPI",
	"GSS-SPNEGO",
	"EXTERNAL",
	"ANONYMOUS",
	"OTP",
	"SKEY",
	"SECURID",
	"XOAUTH",
	"OAUTH10A",
	"OPENID20",
	"SAML20",
	"KERBEROS_V4",
	"KERBEROS_V5",
	"GS2-KRB5",
	"GS2-KRB5-PLUS",
	"SPNEGO",
	"SPNEGO-PLUS",
	"EAP-AES128",
	"EAP-AES128-PLUS",
	"SXOVER-PLUS",
	"NMAS_AUTHEN",
	"NMAS_LOGIN",
	"NMAS-SAMBA-AUTH",
	"ECDH-X25519-CHALLENGE",
	"ECDSA-NIST256P-CHALLENGE",
	"9798-M-DSA-SHA1",
	"9798-M-ECDSA-SHA1",
	"9798-M-RSA-SHA1-ENC",
	"9798-U-DSA-SHA1",
	"9798-U-ECDSA-SHA1",
	"9798-U-RSA-SHA1-ENC",
	/* not in the registry: Dovecot, Cyrus SASL, Gmail */
	"SCRAM-SHA-224",
	"SCRAM-SHA-384",
	"SCRAM-SHA-512",
	"SCRAM-SHA-512-PLUS",
	"SCRAM-SHA3-512",
	"SCRAM-SHA3-512-PLUS",
	"RPA",
	"PLAIN-CLIENTTOKEN",
};

struct bytes sasl_mechanism(struct bytes args, struct bytes *secret)
{
	*secret = args;
	struct bytes word = ascii_word(secret);
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
		if (ascii_is(word, mechanisms[i]))
			return word;
	*secret = args;
	return bytes_of(NULL, 0);
}

struct bytes sasl_shown(struct bytes args)
{
	struct bytes secret;
	struct bytes name = sasl_mechanism(args, &secret);
	return name.n > 0 || ascii_trim(args).n == 0 ? name : bytes_str("other");
}

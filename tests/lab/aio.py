"""aio.py - aiosmtpd as the cases of the lab want it, run in its box.

usage: aio.py ADDRESS,ADDRESS [TIMEOUT_S]
"""
import asyncio
import sys

from aiosmtpd.smtp import SMTP

REFUSED = {"no": "550 5.1.1 no such user", "later": "450 4.2.1 later"}


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, _options):
        refusal = REFUSED.get(address.split("@")[0])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        lines = envelope.content.decode("latin-1").splitlines()
        if "Subject: reject" in lines:
            return "550 5.7.1 not wanted"
        Handler.count += 1
        named = next((line.split(" ", 1)[1] for line in lines if line.startswith("Message-ID: ")),
                     "<>")
        print(f"taken a{Handler.count} {named.strip('<>')}", flush=True)
        return f"250 2.0.0 Ok: queued as a{Handler.count}"


async def main():
    timeout = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    loop = asyncio.get_running_loop()
    for address in sys.argv[1].split(","):
        await loop.create_server(
            lambda: SMTP(Handler(), hostname="mx.example.net", timeout=timeout), host=address,
            port=25)
    await asyncio.Event().wait()


asyncio.run(main())

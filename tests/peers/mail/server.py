"""A mail server of aiosmtpd's: takes all mail, by SMTP or LMTP, and prints each as a line of JSON."""

import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "mail": envelope.content.decode("latin-1"),
        }
        print(json.dumps(mail), flush=True)
        return "250 2.6.0 taken"


class LmtpController(Controller):
    def factory(self):
        return LMTP(self.handler, **self.SMTP_kwargs)


kind = LmtpController if sys.argv[1] == "lmtp" else Controller
controller = kind(Printer(), hostname=sys.argv[2], port=int(sys.argv[3]), enable_SMTPUTF8=False)
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()

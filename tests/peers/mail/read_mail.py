"""Reads a mail as a mail program does, with Python's own library, and prints what it shows as JSON."""

import email
import email.policy
import json
import sys

with open(sys.argv[1], "rb") as file:
    octets = file.read()
mail = email.message_from_bytes(octets, policy=email.policy.default)
text = mail.get_body(preferencelist=("plain", "html"))
status = next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)
print(json.dumps({
    "from": str(mail["From"] or ""),
    "address": mail["From"].addresses[0].addr_spec if mail["From"] else "",
    "subject": str(mail["Subject"] or ""),
    "message_id": str(mail["Message-ID"] or "").strip(),
    "in_reply_to": str(mail["In-Reply-To"] or "").strip(),
    "references": str(mail["References"] or "").split(),
    "auto_submitted": str(mail["Auto-Submitted"] or ""),
    "content_type": " ".join(str(mail.get("Content-Type", "")).split()),
    "text": text.get_content() if text is not None else "",
    "status": "".join(str(part) for part in status.get_payload()) if status is not None else "",
    "raw": octets.decode("latin-1"),
}))

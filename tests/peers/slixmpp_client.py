"""An XMPP client that is driven over its standard input and reports on its standard output, one JSON object a line.

Commands:
  {"do": "login", "jid", "password", "host", "port"}
  {"do": "send", "to", "body", and optionally "id", "type", "subject", "thread", "lang",
                 "extension" (an element as text)}
  {"do": "write", "xml"}         a stanza as it is to go over the wire
  {"do": "quit"}
Reports:
  {"event": "online", "jid"}     presence is known to the server: what is sent to the bare address arrives
  {"event": "refused", "why"}    the server does not let the client in
  {"event": "sent", "id"}
  {"event": "message", "from", "to", "type", "id", "body", "subject", "thread", "lang", "error", "xml"}
  {"event": "presence", "from", "to", "type", "show", "status", "priority", "xml"}
  {"event": "iq", "from", "type", "id", "error", "xml"}  an answer to a question
  {"event": "offline"}           the stream has ended
Nothing is changed in texts; what a stanza does not have is null.
"""

import asyncio
import json
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.handler import Callback

CLIENT = "{jabber:client}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def report(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def text_of(element, name):
    child = element.find(CLIENT + name)
    return None if child is None else child.text or ""


def error_of(element):
    error = element.find(CLIENT + "error")
    if error is None:
        return None
    conditions = [child for child in error if child.tag.startswith(STANZAS)]
    texts = [child.text for child in conditions if child.tag == STANZAS + "text"]
    names = [child.tag[len(STANZAS):] for child in conditions if child.tag != STANZAS + "text"]
    return {
        "type": error.get("type"),
        "condition": names[0] if names else None,
        "text": texts[0] if texts else None,
    }


def lang_of(element):
    body = element.find(CLIENT + "body")
    inner = None if body is None else body.get(LANG)
    return inner or element.get(LANG)


def on_message(stanza):
    element = stanza.xml
    report(
        event="message",
        type=element.get("type", "normal"),
        id=element.get("id"),
        to=element.get("to"),
        body=text_of(element, "body"),
        subject=text_of(element, "subject"),
        thread=text_of(element, "thread"),
        lang=lang_of(element),
        error=error_of(element),
        xml=str(stanza),
        **{"from": element.get("from")},
    )


def on_presence(stanza):
    element = stanza.xml
    report(
        event="presence",
        type=element.get("type", "available"),
        to=element.get("to"),
        show=text_of(element, "show"),
        status=text_of(element, "status"),
        priority=text_of(element, "priority"),
        xml=str(stanza),
        **{"from": element.get("from")},
    )


def on_iq(stanza):
    element = stanza.xml
    if element.get("type") not in ("result", "error"):
        return
    report(
        event="iq",
        type=element.get("type"),
        id=element.get("id"),
        error=error_of(element),
        xml=str(stanza),
        **{"from": element.get("from")},
    )


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password, sasl_mech="PLAIN")
        # A prefix that stanzas may use without declaring it themselves.
        self.stream_header = self.stream_header.replace(" xmlns:stream=", " xmlns:odd='urn:odd' xmlns:stream=")
        self.enable_plaintext = True
        self.enable_starttls = False
        self.enable_direct_tls = False
        self.plugin["feature_mechanisms"].unencrypted_plain = True
        self.register_plugin("xep_0199")
        # Who may watch, the test says.
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        self.register_handler(Callback("every presence", MatchXPath(CLIENT + "presence"), on_presence))
        self.register_handler(Callback("every answer", MatchXPath(CLIENT + "iq"), on_iq))
        self.register_handler(Callback("every message", MatchXPath(CLIENT + "message"), on_message))
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("failed_all_auth", lambda why: report(event="refused", why=str(why)))
        self.add_event_handler("disconnected", lambda why: report(event="offline"))

    async def on_start(self, _):
        try:
            # Servers tell of subscriptions those alone who have asked for the roster (RFC 6121 §2.2).
            await self.get_roster()
            self.send_presence()
            # Stanzas are handled in order: the answer proves that the presence was taken.
            await self.plugin["xep_0199"].send_ping(self.boundjid.domain)
        except (IqError, IqTimeout) as why:
            report(event="refused", why=str(why))
            return
        report(event="online", jid=self.boundjid.full)

    def send_text(self, command):
        message = self.make_message(mto=command["to"], mtype=command.get("type") or "chat")
        if command.get("id"):
            message["id"] = command["id"]
        if command.get("lang"):
            message.xml.set(LANG, command["lang"])
        for name in ("subject", "body", "thread"):
            if command.get(name) is not None:
                child = slixmpp.xmlstream.ET.SubElement(message.xml, CLIENT + name)
                child.text = command[name]
        if command.get("extension"):
            message.xml.append(slixmpp.xmlstream.ET.fromstring(command["extension"]))
        message.send()
        report(event="sent", id=message["id"])


async def commands():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    client = None
    async for command in commands():
        if command["do"] == "login":
            client = Client(command["jid"], command["password"])
            client.connect(command["host"], command["port"])
        elif command["do"] == "send":
            client.send_text(command)
        elif command["do"] == "write":
            client.send_raw(command["xml"])
        elif command["do"] == "quit":
            break
    if client is not None:
        await client.disconnect(wait=1.0)


asyncio.run(main())

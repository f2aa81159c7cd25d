//! An XMPP user's client of a few lines, for more messages than slixmpp can be driven with.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use crate::{
    peers::{XmppServer, xmpp_server::PASSWORD},
    process::PATIENCE,
    transcript::Transcript,
};

/// A client that is logged in and present.
#[derive(Debug)]
pub struct RawXmpp {
    stream: TcpStream,
    read: Arc<Transcript>,
}

/// A message stanza, as far as a load needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawStanza {
    /// The attribute `id`.
    pub id: String,
    /// The attribute `type`.
    pub kind: String,
    /// The text of its body.
    pub body: String,
    /// The defined condition, of an error.
    pub condition: Option<String>,
}

impl RawXmpp {
    /// Logs in and waits until the server knows that the client is present.
    ///
    /// # Panics
    /// When the server does not let it in.
    pub fn login(server: &impl XmppServer, user: &str) -> Self {
        let settings = server.settings();
        let address = SocketAddr::new(settings.host, settings.clients.number());
        let stream = TcpStream::connect(address)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .unwrap_or_else(|error| panic!("no XMPP server at {address}: {error}"));
        let source = stream
            .try_clone()
            .unwrap_or_else(|error| panic!("a socket cannot be shared: {error}"));
        let mut client = Self {
            stream,
            read: Transcript::follow(source),
        };
        client.authenticate(user, &settings.domain);
        client
    }

    fn authenticate(&mut self, user: &str, domain: &str) {
        let opening = format!(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
             version='1.0' to='{domain}'>"
        );
        let plain = base64(format!("\0{user}\0{PASSWORD}").as_bytes());
        let steps = [
            (opening.clone(), "</stream:features>", 1),
            (
                format!(
                    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
                ),
                "<success",
                1,
            ),
            (opening, "</stream:features>", 2),
            (
                "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
                    .to_owned(),
                "</bind>",
                1,
            ),
            (
                format!(
                    "<presence/><iq type='get' id='here' to='{domain}'><ping xmlns='urn:xmpp:ping'/></iq>"
                ),
                "'here'",
                1,
            ),
        ];
        for (say, answer, times) in steps {
            self.write(&say);
            self.await_text(answer, times);
        }
    }

    /// Sends a chat message under an id.
    pub fn send(&mut self, to: &str, id: &str, body: &str) {
        self.write(&format!(
            "<message to='{to}' id='{id}' type='chat'><body>{body}</body></message>"
        ));
    }

    /// Sends bytes; when the stream is over, it is noticed by what does not come.
    fn write(&mut self, xml: &str) {
        let _gone = self.stream.write_all(xml.as_bytes());
    }

    fn await_text(&self, text: &str, times: usize) {
        let found = self.read.wait_for(PATIENCE, |bytes| {
            let read = String::from_utf8_lossy(bytes);
            (read.matches(text).count() >= times).then_some(())
        });
        let read = String::from_utf8_lossy(&self.read.bytes()).into_owned();
        assert!(found.is_ok(), "no {text} from the XMPP server: {read}");
    }

    /// All message stanzas that have come.
    pub fn messages(&self) -> Vec<RawStanza> {
        stanzas_of(&String::from_utf8_lossy(&self.read.bytes()))
    }

    /// Waits until the stanzas that have come are what is wanted.
    ///
    /// # Panics
    /// When they do not become that in time.
    pub fn await_messages<T>(
        &self,
        what: &str,
        mut find: impl FnMut(&[RawStanza]) -> Option<T>,
    ) -> T {
        let (mut stanzas, mut known) = (Vec::new(), 0);
        let found = self.read.wait_for(PATIENCE, |bytes| {
            let text = String::from_utf8_lossy(bytes.get(known..).unwrap_or_default()).into_owned();
            // The rest is of a stanza that is not whole.
            let end = text.rfind(END).map_or(0, |at| at + END.len());
            known += end;
            stanzas.extend(stanzas_of(text.get(..end).unwrap_or_default()));
            find(&stanzas)
        });
        found.unwrap_or_else(|silence| {
            let last = self.messages().pop();
            panic!("no {what} at the XMPP user: {silence}; the last was {last:?}")
        })
    }
}

const END: &str = "</message>";

fn stanzas_of(read: &str) -> Vec<RawStanza> {
    let mut parts = read.split("<message ");
    let _before = parts.next();
    let whole = parts.filter_map(|part| part.split_once(END));
    whole.map(|(stanza, _)| stanza_of(stanza)).collect()
}

fn stanza_of(stanza: &str) -> RawStanza {
    let (head, content) = stanza.split_once('>').unwrap_or((stanza, ""));
    let attribute = |name: &str| {
        let (_, rest) = head.split_once(&format!("{name}='"))?;
        rest.split('\'').next().map(str::to_owned)
    };
    let between = |from: &str, to: &str| {
        let (_, rest) = content.split_once(from)?;
        rest.split_once(to).map(|(text, _)| text.to_owned())
    };
    let kind = attribute("type").unwrap_or_else(|| "normal".to_owned());
    let is_error = kind == "error";
    RawStanza {
        id: attribute("id").unwrap_or_default(),
        kind,
        body: between("<body>", "</body>").unwrap_or_default(),
        condition: between("<error", "</error>")
            .filter(|_| is_error)
            .and_then(|error| {
                let (_, condition) = error.split_once("><")?;
                condition.split([' ', '/', '>']).next().map(str::to_owned)
            }),
    }
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                digit.into()
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let encoded =
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(
            encoded,
            [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
            ]
        );
    }

    #[test]
    fn stanzas_are_found_in_what_was_read() {
        let read = "<presence/><message to='a' id='1' type='chat'><body>x</body></message>\
            <message from='b' type='error' id='2'><error type='cancel'><item-not-found xmlns='u'/></error>\
            <body>y</body></message><message id='3'><body>not whole";
        let found = stanzas_of(read);
        let seen: Vec<_> = found
            .iter()
            .map(|stanza| {
                (
                    &*stanza.id,
                    &*stanza.kind,
                    &*stanza.body,
                    stanza.condition.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("1", "chat", "x", None),
                ("2", "error", "y", Some("item-not-found"))
            ]
        );
    }
}

//! An XMPP user's client: slixmpp, driven over its standard input and output.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::scripts;
use crate::process::{Process, tethered};

/// A client that is logged in and present.
#[derive(Debug)]
pub struct SlixmppClient {
    process: Process,
    jid: String,
    taken: HashMap<&'static str, usize>,
    /// The presence stanzas that were taken, by their senders' bare JIDs.
    presences: HashMap<String, usize>,
    /// How many questions were asked.
    questions: u32,
}

/// What a client is to send; only the receiver and the text are needed.
#[derive(Debug, Clone, Default)]
pub struct Draft<'a> {
    /// The receiver's JID.
    pub to: &'a str,
    /// The body.
    pub body: &'a str,
    /// The stanza's id; slixmpp makes one otherwise.
    pub id: Option<&'a str>,
    /// The stanza's type; `chat` otherwise.
    pub kind: Option<&'a str>,
    /// The subject.
    pub subject: Option<&'a str>,
    /// The thread.
    pub thread: Option<&'a str>,
    /// The stanza's `xml:lang`.
    pub lang: Option<&'a str>,
    /// An extension: one element.
    pub extension: Option<&'a str>,
}

/// A message stanza that a client has received.
#[derive(Debug, Clone)]
pub struct Stanza(Value);

impl SlixmppClient {
    /// Logs in and waits until the server knows that the client is present.
    ///
    /// # Panics
    /// When the server does not let it in.
    pub fn login(jid: &str, password: &str, server: SocketAddr) -> Self {
        let mut command = tethered(&python().display().to_string());
        command.arg(scripts().join("slixmpp_client.py"));
        let process = Process::spawn(&format!("slixmpp {jid}"), command);
        let mut client = Self {
            process,
            jid: jid.to_owned(),
            taken: HashMap::new(),
            presences: HashMap::new(),
            questions: 0,
        };
        client.command(&json!({
            "do": "login", "jid": jid, "password": password,
            "host": server.ip().to_string(), "port": server.port(),
        }));
        client.jid = client.next("online")["jid"]
            .as_str()
            .unwrap_or(jid)
            .to_owned();
        client
    }

    /// Its full JID.
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// Its bare JID.
    pub fn bare_jid(&self) -> &str {
        self.jid.split('/').next().unwrap_or(&self.jid)
    }

    /// Sends a chat message.
    pub fn send(&mut self, to: &str, body: &str) -> String {
        self.send_draft(&Draft {
            to,
            body,
            ..Draft::default()
        })
    }

    /// Sends a message and returns its stanza's id.
    pub fn send_draft(&mut self, draft: &Draft<'_>) -> String {
        self.command(&json!({
            "do": "send", "to": draft.to, "body": draft.body, "id": draft.id, "type": draft.kind,
            "subject": draft.subject, "thread": draft.thread, "lang": draft.lang,
            "extension": draft.extension,
        }));
        self.next("sent")["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Sends a stanza that is written out, whatever slixmpp would make of it.
    pub fn write(&mut self, xml: &str) {
        self.command(&json!({ "do": "write", "xml": xml }));
    }

    /// Asks a question, and takes the answer, an error or not.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn ask(&mut self, kind: &str, to: &str, question: &str) -> Stanza {
        self.questions += 1;
        let id = format!("question-{}", self.questions);
        self.write(&format!(
            "<iq type='{kind}' to='{to}' id='{id}'>{question}</iq>"
        ));
        Stanza(self.process.await_stdout("an answer", |bytes| {
            let mut events = events(bytes).into_iter();
            events.find(|event| event["event"] == "iq" && event["id"] == *id)
        }))
    }

    /// Takes the next message stanza, an error or not, that was not taken before.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> Stanza {
        Stanza(self.next("message"))
    }

    /// Takes the next presence stanza of a user that was not taken before.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn presence_of(&mut self, bare_jid: &str) -> Stanza {
        let taken = self.presences.entry(bare_jid.to_owned()).or_default();
        let before = *taken;
        *taken += 1;
        let what = format!("presence of {bare_jid}");
        Stanza(self.process.await_stdout(&what, |bytes| {
            let mut events = events(bytes);
            events.retain(|event| {
                let from = event["from"].as_str().unwrap_or_default();
                event["event"] == "presence" && from.split('/').next() == Some(bare_jid)
            });
            events.into_iter().nth(before)
        }))
    }

    /// Takes presence stanzas of a user until one is of this type.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn presence_until(&mut self, bare_jid: &str, kind: &str) -> Stanza {
        loop {
            let presence = self.presence_of(bare_jid);
            if presence.kind() == kind {
                return presence;
            }
        }
    }

    /// The message stanzas that have come and were not taken.
    pub fn unread(&self) -> Vec<Stanza> {
        let mut events = events(&self.process.stdout().bytes());
        events.retain(|event| event["event"] == "message");
        let taken = self.taken.get("message").copied().unwrap_or_default();
        events.into_iter().skip(taken).map(Stanza).collect()
    }

    fn command(&mut self, command: &Value) {
        self.process.write(format!("{command}\n").as_bytes());
    }

    /// Takes the next report of this kind that was not taken before.
    fn next(&mut self, kind: &'static str) -> Value {
        let taken = self.taken.entry(kind).or_default();
        let before = *taken;
        *taken += 1;
        let event = self.process.await_stdout(kind, |bytes| {
            let mut events = events(bytes);
            events.retain(|event| event["event"] == kind || event["event"] == "refused");
            events.into_iter().nth(before)
        });
        if event["event"] == "refused" {
            self.process
                .fail(&format!("it was refused: {}", event["why"]));
        }
        event
    }
}

impl Stanza {
    /// The sender's JID.
    pub fn from(&self) -> &str {
        self.text("from").unwrap_or_default()
    }

    /// The sender's JID without resource.
    pub fn bare_from(&self) -> &str {
        self.from().split('/').next().unwrap_or_default()
    }

    /// The type attribute; `normal` where there is none.
    pub fn kind(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// The id attribute.
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The body.
    pub fn body(&self) -> Option<&str> {
        self.text("body")
    }

    /// The word of a presence's `<show/>`.
    pub fn show(&self) -> Option<&str> {
        self.text("show")
    }

    /// The remark of a presence.
    pub fn status(&self) -> Option<&str> {
        self.text("status")
    }

    /// The subject.
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    /// The thread.
    pub fn thread(&self) -> Option<&str> {
        self.text("thread")
    }

    /// The language of the body, its own or the stanza's.
    pub fn lang(&self) -> Option<&str> {
        self.text("lang")
    }

    /// The defined condition of an error stanza.
    pub fn error_condition(&self) -> Option<&str> {
        self.0["error"]["condition"].as_str()
    }

    /// The type of an error stanza's error: `cancel`, `wait` and so on.
    pub fn error_kind(&self) -> Option<&str> {
        self.0["error"]["type"].as_str()
    }

    /// The whole stanza.
    pub fn xml(&self) -> &str {
        self.text("xml").unwrap_or_default()
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }
}

/// The Python with slixmpp that `install-peers.sh` has made.
pub(super) fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/venv");
    std::env::var_os("PEERS_VENV")
        .map_or(made, PathBuf::from)
        .join("bin/python")
}

fn events(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"));
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

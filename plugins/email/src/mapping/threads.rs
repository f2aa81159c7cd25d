//! Conversations: threads of other networks, and the identifiers by which mail programs show threads (RFC 5322 §3.6.4).

use std::time::{Duration, SystemTime};

use quick_cache::sync::Cache;
use rialto_email_codec::{
    Domain,
    message::{Mail, MessageId},
};
use rialto_sdk::model::{InstantInbox, MessageOperation};

/// Where a mail stands: behind what, in what thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The identifier that the whole thread goes back to.
    pub(crate) root: MessageId,
    /// What it answers, or follows.
    pub(crate) parent: MessageId,
}

/// Names of threads, and what was said last in each conversation.
///
/// A thread's name becomes an identifier and comes back from it, without any memory: all mails of a thread refer to it, as if it were
/// the first of them. Networks that name no threads, or each message anew as SIP does, have their conversation's latest one, as long as it is
/// remembered and not older than [`PAUSE`].
#[derive(Debug)]
pub(crate) struct Threads {
    domain: Domain,
    latest: Cache<Conversation, Latest>,
}

/// Somebody on another network, and somebody with a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Conversation {
    chat: InstantInbox,
    mail: InstantInbox,
}

#[derive(Clone, Debug)]
struct Latest {
    place: Place,
    at: SystemTime,
}

/// Conversations that are remembered.
const MAX_CONVERSATIONS: usize = 10_000;

/// After a pause of so long, what is said begins a thread.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Octets of a thread's name that is carried.
const MAX_THREAD: usize = 200;

impl Threads {
    /// `hostname` makes the identifiers unique in the world.
    pub(crate) fn new(hostname: &Domain) -> Self {
        let domain = format!("thread.{hostname}").parse();
        Self {
            domain: domain.unwrap_or_else(|_| hostname.clone()),
            latest: Cache::new(MAX_CONVERSATIONS),
        }
    }

    /// The name of the thread that a mail from `mail` to `chat` stands in, and notes it as the latest.
    pub(crate) fn arrived(
        &self,
        mail: &Mail<'_>,
        from: &InstantInbox,
        to: &InstantInbox,
        now: SystemTime,
    ) -> Option<String> {
        let own = mail.message_id()?;
        let eldest = mail.references().into_iter().next();
        let root = eldest
            .or_else(|| mail.in_reply_to().into_iter().next())
            .unwrap_or_else(|| own.clone());
        let name = root
            .transaction(&self.domain)
            .unwrap_or_else(|| root.as_str().to_owned());
        self.note(to, from, Place { root, parent: own }, now);
        (name.len() <= MAX_THREAD).then_some(name)
    }

    /// Where the mail of an operation stands, whose identifier is `own`; notes it as the latest.
    pub(crate) fn leaves(
        &self,
        operation: &MessageOperation,
        own: &MessageId,
        now: SystemTime,
    ) -> Place {
        let (chat, mail) = (operation.source(), operation.destination());
        let named = operation.message().thread();
        let named = named.and_then(|thread| self.root_of(thread));
        let latest = self.latest(chat, mail, now);
        let place = match (named, latest) {
            (Some(root), Some(latest)) if latest.root == root => latest,
            // A thread that came from mail is a thread there, whatever was said since.
            (Some(root), _) if root.transaction(&self.domain).is_none() => Place {
                parent: root.clone(),
                root,
            },
            (_, Some(latest)) => latest,
            (Some(root), None) => Place {
                parent: root.clone(),
                root,
            },
            (None, None) => Place {
                root: own.clone(),
                parent: own.clone(),
            },
        };
        let root = place.root.clone();
        let parent = own.clone();
        self.note(chat, mail, Place { root, parent }, now);
        place
    }

    /// The identifier of a thread's name: itself, if it can be one.
    fn root_of(&self, thread: &str) -> Option<MessageId> {
        if thread.contains('@')
            && let Ok(id) = thread.parse()
        {
            return Some(id);
        }
        MessageId::of_transaction(thread, &self.domain).ok()
    }

    fn latest(&self, chat: &InstantInbox, mail: &InstantInbox, now: SystemTime) -> Option<Place> {
        let key = Conversation {
            chat: chat.clone(),
            mail: mail.clone(),
        };
        let latest = self.latest.get(&key)?;
        let age = now.duration_since(latest.at).unwrap_or_default();
        (age <= PAUSE).then_some(latest.place)
    }

    fn note(&self, chat: &InstantInbox, mail: &InstantInbox, place: Place, at: SystemTime) {
        let key = Conversation {
            chat: chat.clone(),
            mail: mail.clone(),
        };
        self.latest.insert(key, Latest { place, at });
    }
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::{InstantMessage, TransactionId};

    use super::*;

    const ALICE: &str = "im:alice@sip.example";
    const BOB: &str = "im:bob@mail.example";

    fn threads() -> Threads {
        Threads::new(&"gw.example".parse().unwrap())
    }

    fn inbox(uri: &str) -> InstantInbox {
        InstantInbox::parse(uri).unwrap()
    }

    fn id(text: &str) -> MessageId {
        text.parse().unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn operation(thread: Option<&str>) -> MessageOperation {
        let mut message = InstantMessage::text("hi");
        if let Some(thread) = thread {
            message = message.with_thread(thread.to_owned());
        }
        let id = TransactionId::parse(b"t").unwrap();
        MessageOperation::new(id, inbox(ALICE), inbox(BOB), message)
    }

    fn arrived(threads: &Threads, header: &str, now: u64) -> Option<String> {
        let text = format!("{header}\r\n\r\nhi\r\n");
        let mail = Mail::parse(text.as_bytes()).unwrap();
        threads.arrived(&mail, &inbox(BOB), &inbox(ALICE), at(now))
    }

    #[test]
    fn name_of_a_thread_comes_back_in_an_answer_without_memory() {
        for name in ["th-1", "a84b4c76e66710@pc33.example", "a b", "e=C3"] {
            let left = threads().leaves(&operation(Some(name)), &id("t@gw.example"), at(0));
            let header = format!(
                "Message-ID: <x@mail.example>\r\nReferences: {} <t@gw.example>",
                left.root
            );
            assert_eq!(arrived(&threads(), &header, 1).as_deref(), Some(name));
        }
    }

    #[test]
    fn answer_stands_behind_the_mail_that_it_answers() {
        let threads = threads();
        let name = arrived(&threads, "Message-ID: <1@mail.example>", 0).unwrap();
        assert_eq!(name, "1@mail.example");
        // With the thread's name, as XMPP has it, or with one of its own, as SIP does.
        for thread in [Some("1@mail.example"), Some("some-call-id"), None] {
            let place = threads.leaves(&operation(thread), &id("1@mail.example"), at(1));
            assert_eq!(
                (place.root, place.parent),
                (id("1@mail.example"), id("1@mail.example"))
            );
        }
    }

    #[test]
    fn messages_of_one_conversation_follow_each_other_until_it_pauses() {
        let threads = threads();
        let first = threads.leaves(&operation(Some("c1")), &id("1@gw.example"), at(0));
        let second = threads.leaves(&operation(Some("c2")), &id("2@gw.example"), at(60));
        assert_eq!(second.root, first.root);
        assert_eq!(second.parent, id("1@gw.example"));
        let tomorrow = 61 + PAUSE.as_secs();
        let later = threads.leaves(&operation(Some("c3")), &id("3@gw.example"), at(tomorrow));
        assert_ne!(later.root, first.root);
    }

    #[test]
    fn two_threads_that_mail_began_stay_apart() {
        let threads = threads();
        arrived(&threads, "Message-ID: <1@mail.example>", 0).unwrap();
        arrived(&threads, "Message-ID: <2@mail.example>", 1).unwrap();
        let to_first = threads.leaves(
            &operation(Some("1@mail.example")),
            &id("t@gw.example"),
            at(2),
        );
        assert_eq!(to_first.root, id("1@mail.example"));
    }
}

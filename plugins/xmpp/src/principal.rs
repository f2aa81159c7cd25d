//! Rules of users, by the ways that XMPP has for them: the blocking command (XEP-0191), and ad-hoc commands with forms (XEP-0050, XEP-0004).
//!
//! The gateway keeps the rules. What a user asks for is submitted as a command to the gateway's own inbox, in the user's name, and the answer comes back as
//! a message to the user, which is not sent on: it is the answer to the iq.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rialto_sdk::model::{
    Authentication, ByteString, CommandMessage, Failure, FailureReason, InstantInbox,
    MessageOperation, ResponseStatus, TransactionId,
};
use rialto_sdk::tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use rialto_sdk::tokio::time::timeout;
use rialto_xmpp_codec::{Condition, Iq, IqPayload, IqType, Jid, StanzaError};

use crate::config::Config;
use crate::failures::refusal;
use crate::gateway::{Event, Gateway};
use crate::line::lock;
use crate::link::Link;
use crate::mapping::source_inbox;

mod blocking;
mod commands;
mod form;

use self::blocking::Blocking;
use self::commands::Order;

/// Answers what users ask about their rules.
#[derive(Clone, Debug)]
pub(crate) struct Principals<G> {
    gateway: G,
    link: Arc<Link>,
    config: Arc<Config>,
    /// By name: what was asked of the gateway's inbox, and is not answered yet.
    waiting: Arc<Mutex<HashMap<ByteString, oneshot::Sender<Answer>>>>,
    places: Arc<Semaphore>,
}

/// What the gateway's inbox says.
type Answer = Result<ByteString, Failure>;

/// What a user asks.
#[derive(Debug)]
enum Question {
    Blocking(Blocking),
    Command(Order),
}

/// Most questions that wait for the gateway at a time.
const PLACES: usize = 64;

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl<G: Gateway> Principals<G> {
    pub(crate) fn new(gateway: G, link: Arc<Link>, config: Arc<Config>) -> Self {
        Self {
            gateway,
            link,
            config,
            waiting: Arc::default(),
            places: Arc::new(Semaphore::new(PLACES)),
        }
    }

    /// The answer to what can be answered at once: which commands there are.
    pub(crate) fn discovered(&self, iq: &Iq) -> Option<Iq> {
        self.config.inbox()?;
        (iq.type_ == IqType::Get && self.is_to_component(iq)).then(|| commands::discovered(iq))?
    }

    /// Says of the component that it has such commands, if it has.
    pub(crate) fn advertise(&self, mut answer: Iq) -> Iq {
        if let IqPayload::DiscoInfo(info) = &mut answer.payload
            && self.config.inbox().is_some()
            && info
                .identities
                .iter()
                .any(|identity| identity.category == "gateway")
        {
            info.features
                .extend([blocking::NAMESPACE, commands::NAMESPACE].map(ByteString::from_static));
        }
        answer
    }

    /// Takes a question about rules; false: it is none.
    pub(crate) fn take(&self, iq: &Iq) -> bool {
        let Some(inbox) = self.config.inbox().filter(|_| self.is_to_component(iq)) else {
            return false;
        };
        let question = match question(iq, &self.config) {
            None => return false,
            Some(Ok(question)) => question,
            Some(Err(error)) => {
                self.reply(iq.error_reply(error));
                return true;
            }
        };
        let (Some(from), Ok(place)) = (
            iq.from.as_deref().and_then(|from| Jid::parse(from).ok()),
            Arc::clone(&self.places).try_acquire_owned(),
        ) else {
            self.reply(iq.error_reply(Condition::ResourceConstraint.into()));
            return true;
        };
        let (this, inbox, iq) = (self.clone(), inbox.clone(), iq.clone());
        self.gateway.spawn(async move {
            let asker = Asker {
                principals: &this,
                from: &from,
                inbox: &inbox,
            };
            let answer = match asker.answer(question).await {
                Ok(payload) => iq.result(payload),
                Err(error) => iq.error_reply(error),
            };
            this.send(answer, Some(place)).await;
        });
        true
    }

    /// Takes what is delivered, if it is an answer of the gateway's inbox: whether somebody waited for it.
    pub(crate) fn answered(&self, operation: &MessageOperation) -> Option<ResponseStatus> {
        self.config.inbox()?;
        let answer = CommandMessage::read(operation.message())?;
        Some(match self.end(answer.name(), Ok(answer.text().clone())) {
            true => ResponseStatus::Success,
            false => Failure::new(FailureReason::Refused)
                .with_detail("xmpp: nobody waits for this answer any more")
                .into(),
        })
    }

    /// Ends the wait for an answer; whether anybody waited.
    fn end(&self, name: &ByteString, answer: Answer) -> bool {
        let waited = lock(&self.waiting).remove(name);
        waited.is_some_and(|sender| sender.send(answer).is_ok())
    }

    fn is_to_component(&self, iq: &Iq) -> bool {
        let to = iq.to.as_deref().unwrap_or_default();
        !to.contains(['@', '/']) && self.config.domains().speak_as(to)
    }

    fn reply(&self, answer: Option<Iq>) {
        let this = self.clone();
        self.gateway
            .spawn(async move { this.send(answer, None).await });
    }

    async fn send(&self, answer: Option<Iq>, _place: Option<OwnedSemaphorePermit>) {
        let Some(answer) = answer else { return };
        if self.link.reply(&answer.into()).await.is_err() {
            self.gateway.event(Event::Unwritable);
        }
    }
}

/// One who asks, and whom.
struct Asker<'a, G> {
    principals: &'a Principals<G>,
    from: &'a Jid,
    inbox: &'a InstantInbox,
}

impl<G: Gateway> Asker<'_, G> {
    async fn answer(&self, question: Question) -> Result<IqPayload, StanzaError> {
        match question {
            Question::Blocking(Blocking::List) => {
                let rules = self.ask("rules".into()).await?;
                let own = self.principals.config.domains();
                blocking::list(&rules, own).map_err(|_| Condition::InternalServerError.into())
            }
            Question::Blocking(Blocking::Block(command) | Blocking::Unblock(command)) => {
                self.ask(command).await.map(|_| IqPayload::None)
            }
            Question::Blocking(Blocking::UnblockAll) => {
                let rules = self.ask("rules".into()).await?;
                match blocking::unblock_all(&rules) {
                    Some(command) => self.ask(command).await.map(|_| IqPayload::None),
                    None => Ok(IqPayload::None),
                }
            }
            Question::Command(order) => {
                let said = match order.command() {
                    Some(command) => Some(self.ask(command).await?),
                    None => None,
                };
                order
                    .answer(said.as_deref())
                    .map_err(|_| Condition::InternalServerError.into())
            }
        }
    }

    /// Asks the gateway's inbox in the name of the user, whom the server has authenticated.
    async fn ask(&self, command: String) -> Result<ByteString, StanzaError> {
        self.asked(command)
            .await
            .map_err(|failure| refusal(&failure))
    }

    async fn asked(&self, command: String) -> Answer {
        let id = TransactionId::random(&mut rand::rng());
        let name = ByteString::from(id.as_str());
        let command = CommandMessage::new(name.clone(), command).ok_or(FailureReason::Internal)?;
        let source = source_inbox(self.from)?;
        let operation = MessageOperation::new(id, source, self.inbox.clone(), command.to_message())
            .with_authentication(Authentication::Network);
        let (sender, answer) = oneshot::channel();
        let principals = self.principals;
        lock(&principals.waiting).insert(name.clone(), sender);
        let (refused, known) = (principals.clone(), name.clone());
        principals.gateway.submit(operation, move |status| {
            if let ResponseStatus::Failure(failure) = status {
                refused.end(&known, Err(failure));
            }
        });
        let answer = timeout(PATIENCE, answer).await;
        let timed_out = || Err(FailureReason::TimedOut.into());
        principals.end(&name, timed_out());
        answer.ok().and_then(Result::ok).unwrap_or_else(timed_out)
    }
}

/// What a question to the component is about, if it is about rules.
fn question(iq: &Iq, config: &Config) -> Option<Result<Question, StanzaError>> {
    let IqPayload::Other(element) = &iq.payload else {
        return None;
    };
    match (&iq.type_, element.namespace()) {
        (IqType::Get | IqType::Set, blocking::NAMESPACE) => {
            let asked = Blocking::of(&iq.type_, element, config.domains());
            Some(asked.map(Question::Blocking).map_err(Into::into))
        }
        (IqType::Set, commands::NAMESPACE) => {
            let order = Order::of(element);
            Some(order.map(Question::Command).map_err(Into::into))
        }
        _ => None,
    }
}

//! Subscriptions of the gateway's own to presentities of this network (RFC 6665 §4.1, RFC 8048 §5.2).

use std::time::{Duration, Instant};

use rialto_sdk::{
    model::{Package, SubscribeOperation, SubscriptionState},
    prelude::{Bytes, Error, Failure, FailureReason, Response, ResponseStatus, Result},
};
use rialto_sip_codec::{
    Dialog, HeaderName, MessageWriter, Method, Response as SipResponse, SipMessage, StatusCode,
    dialog::Leaving, transaction::Branch,
};
use tokio::sync::oneshot;

use super::{Begun, Outbound, notify::ends_subscription, status_of};
use crate::{
    config::{Hop, NextHop},
    endpoint::{Kind, Outcome},
    mapping::{DEFAULT_DURATION, OwnContact, Route, event, presentity_uri},
    presence::Asking,
};

/// How a request ended: what the gateway is told, and for how long.
type Answered = (ResponseStatus, Option<Duration>);

/// What comes of one request.
enum Asked {
    Ended(ResponseStatus),
    Granted(Duration),
    /// Only for longer (RFC 6665 §4.1.2.1).
    TooBrief(Duration),
    /// The other end has no such dialog: the subscription begins anew.
    Forgotten,
}

/// The most requests for one operation.
const MOST_REQUESTS: usize = 3;

/// How long the first notification is waited for, which says whether the watcher may.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// Whoever grants less would be asked again and again: it is asked later, at growing intervals.
const SHORTEST_GRANT: Duration = Duration::from_secs(10);

impl Outbound {
    /// Subscribes, refreshes or ends; returns with the first notification, or what is known without.
    pub(crate) async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        let (status, duration) = match self.next_hop(operation.next_hop()) {
            Ok(hop) => self.ask(&operation, &hop).await?,
            Err(failure) => (failure.into(), None),
        };
        let response = operation.respond(status);
        Ok(match duration {
            Some(duration) => response.with_duration(duration),
            None => response,
        })
    }

    async fn ask(&self, operation: &SubscribeOperation, hop: &NextHop) -> Result<Answered> {
        let asked = operation.duration().unwrap_or(DEFAULT_DURATION);
        let mut duration = asked.min(self.longest_subscription);
        for _ in 0..MOST_REQUESTS {
            let (waiting, first_word) = oneshot::channel();
            let names = [rand::random(), rand::random()];
            let asking = self.legs.lock().ask(now(), operation, names, waiting);
            let asking = match asking {
                Ok(asking) => asking,
                Err(full) => return Ok((Failure::new(full.into()).into(), None)),
            };
            match self.ask_once(operation, &asking, duration, hop).await? {
                Asked::Ended(status) => return Ok((status, None)),
                Asked::TooBrief(least) if !duration.is_zero() && least > duration => {
                    duration = least;
                }
                Asked::TooBrief(_) => break,
                Asked::Forgotten if duration.is_zero() => {
                    return Ok((ResponseStatus::Success, Some(Duration::ZERO)));
                }
                Asked::Forgotten => {}
                Asked::Granted(granted) => {
                    let state = self.state(&asking, granted, first_word).await;
                    return Ok((standing(state), Some(granted)));
                }
            }
        }
        let refused = Failure::new(FailureReason::Refused)
            .with_detail("the SIP side takes no subscription of any duration that was asked for");
        Ok((refused.into(), None))
    }

    /// Sends one request, and reads its answer.
    async fn ask_once(
        &self,
        operation: &SubscribeOperation,
        asking: &Asking,
        duration: Duration,
        hop: &NextHop,
    ) -> Result<Asked> {
        let begun = self.begin_subscription(operation, asking, duration, hop)?;
        let outcome = match begun.0 {
            Ok(outcome) => outcome.await,
            Err(failure) => return Ok(self.failed(asking, Err(failure))),
        };
        let Ok(outcome) = outcome else {
            let failure = Failure::new(FailureReason::ShuttingDown);
            return Ok(Asked::Ended(failure.into()));
        };
        let Outcome::Final {
            status, message, ..
        } = &outcome
        else {
            return Ok(self.failed(asking, Ok(outcome)));
        };
        let status = *status;
        if status.is_success() {
            return Ok(self.granted(asking, message, duration));
        }
        if status == StatusCode::INTERVAL_TOO_BRIEF {
            let least = SipMessage::parse(message).ok();
            let least = least.and_then(|message| message.min_expires().ok().flatten());
            let least = least.map_or(duration, |seconds| Duration::from_secs(seconds.into()));
            return Ok(Asked::TooBrief(least));
        }
        if asking.dialog.is_some() && status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST {
            self.legs.lock().forget(asking.call);
            return Ok(Asked::Forgotten);
        }
        Ok(self.failed(asking, Ok(outcome)))
    }

    /// The request failed. A refresh may leave the subscription as it is (RFC 6665 §4.1.2.2).
    fn failed(&self, asking: &Asking, sent: Result<Outcome, Failure>) -> Asked {
        let is_over = match &sent {
            Ok(Outcome::Final { status, .. }) => ends_subscription(*status),
            Ok(Outcome::Overloaded) | Err(_) => false,
            Ok(_) => true,
        };
        if is_over || asking.dialog.is_none() {
            self.legs.lock().forget(asking.call);
        }
        Asked::Ended(status_of(sent))
    }

    /// Takes note of a 2xx; the answer to a first request begins the dialog.
    fn granted(&self, asking: &Asking, message: &[u8], asked: Duration) -> Asked {
        let message = SipMessage::parse(message).ok();
        let expires = message.as_ref().and_then(|of| of.expires().ok().flatten());
        let granted = expires.map_or(asked, |seconds| Duration::from_secs(seconds.into()));
        // More than was asked is not granted (RFC 6665 §4.1.2.1).
        let granted = granted.min(asked);
        if granted < SHORTEST_GRANT.min(asked) {
            self.legs.lock().forget(asking.call);
            let failure = Failure::new(FailureReason::RecipientUnavailable)
                .with_detail("the SIP side grants less time than it takes to refresh");
            return Asked::Ended(failure.into());
        }
        let response = message.as_ref().map(SipResponse::read);
        if let Some(Ok(response)) = response {
            let dialog = Dialog::of_client(&response);
            let mut legs = self.legs.lock();
            legs.granted(now(), asking.call, dialog, granted);
        }
        Asked::Granted(granted)
    }

    /// How far the subscription is: what was heard of it before, or is heard now.
    async fn state(
        &self,
        asking: &Asking,
        granted: Duration,
        first_word: oneshot::Receiver<SubscriptionState>,
    ) -> Option<SubscriptionState> {
        if asking.dialog.is_some() || granted.is_zero() {
            let known = self.legs.lock().state(asking.call);
            return known.or(Some(SubscriptionState::Active));
        }
        let heard = tokio::time::timeout(FIRST_WORD, first_word).await;
        heard.ok().and_then(Result::ok)
    }

    fn begin_subscription(
        &self,
        operation: &SubscribeOperation,
        asking: &Asking,
        duration: Duration,
        hop: &NextHop,
    ) -> Result<Begun> {
        let next = match (&asking.dialog, &self.default_hop) {
            (Some(dialog), None) => NextHop::of_uri(dialog.next()),
            _ => None,
        };
        let next = next.filter(|next| next.is_as_safe_as(hop));
        let hop = next.as_ref().unwrap_or(hop);
        let domain = operation.target().domain();
        self.begin_request(Kind::Subscribe, hop, domain, |branch, route, hop| {
            let contact = self.contact(operation, hop);
            write(
                operation,
                asking,
                [&contact, &seconds(duration)],
                branch,
                route,
            )
        })
    }

    fn contact(&self, operation: &SubscribeOperation, hop: Hop) -> String {
        OwnContact::of_watcher(operation.watcher()).value(&self.locals, hop)
    }
}

fn write(
    operation: &SubscribeOperation,
    asking: &Asking,
    [contact, expires]: [&str; 2],
    branch: Branch,
    route: &Route<'_>,
) -> Result<Bytes> {
    let mut out = Vec::new();
    let (branch, hops) = (branch.to_string(), operation.max_forwards().hops());
    let writer = match &asking.dialog {
        Some(dialog) => {
            let leaving = Leaving {
                transport: route.transport,
                sent_by: route.sent_by,
                branch: &branch,
                sequence: asking.sequence,
                max_forwards: hops,
            };
            dialog.request(&mut out, Method::Subscribe, &leaving)
        }
        None => {
            let target = presentity_uri(operation.target());
            MessageWriter::request(&mut out, Method::Subscribe, &target)
                .via(route.transport, route.sent_by, &branch)
                .max_forwards(hops)
                .from("", &presentity_uri(operation.watcher()), &asking.tag())
                .to("", &target, "")
                .call_id(&asking.call_id())
                .cseq(asking.sequence, Method::Subscribe)
        }
    };
    let accept = match operation.package() {
        Package::WatcherInformation => "application/watcherinfo+xml",
        _ => "application/pidf+xml",
    };
    let written = writer
        .header(HeaderName::Contact, contact)
        .header(HeaderName::Event, &event(operation.package(), None))
        .header(HeaderName::Accept, accept)
        .header(HeaderName::Expires, expires)
        .header(HeaderName::UserAgent, route.user_agent)
        .finish(b"");
    written.map_err(|error| {
        Error::unsupported("the subscription cannot be written as SIP").with_source(error)
    })?;
    Ok(out.into())
}

fn seconds(duration: Duration) -> String {
    duration.as_secs().min(u32::MAX.into()).to_string()
}

/// Whether nobody has decided yet whether the watcher may.
fn standing(state: Option<SubscriptionState>) -> ResponseStatus {
    match state {
        Some(SubscriptionState::Pending) | None => ResponseStatus::Indeterminant,
        Some(_) => ResponseStatus::Success,
    }
}

/// The clock of tokio, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

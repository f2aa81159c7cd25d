//! What watchers of this network are told (RFC 6665 §4.2.2, RFC 3856 §6.8).

use std::time::Duration;

use rialto_sdk::{
    model::{NotifyOperation, SubscriptionState},
    prelude::{Bytes, Error, Failure, FailureReason, Origin, Response, ResponseStatus, Result},
};
use rialto_sip_codec::{HeaderName, Method, StatusCode, dialog::Leaving, transaction::Branch};

use super::{Begun, Outbound, status_of};
use crate::{
    config::NextHop,
    endpoint::{Kind, Outcome},
    mapping::{OwnContact, Route, Watcher, one_line},
};

impl Outbound {
    /// Notifies a watcher within its dialog, and waits for the final response.
    ///
    /// A watcher that says that there is no subscription, or says nothing, is no more.
    pub(crate) async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        let reference = operation.reference();
        let watcher = reference.and_then(|text| text.parse::<Watcher>().ok());
        let status = match watcher {
            Some(watcher) => self.tell(&operation, &watcher).await?,
            None => gone("nothing is known of the watcher's dialog").into(),
        };
        Ok(operation.respond(status))
    }

    async fn tell(&self, operation: &NotifyOperation, watcher: &Watcher) -> Result<ResponseStatus> {
        let way = NextHop::from(watcher.hop());
        let hop = match self.way_back(Some(&way)) {
            Ok(hop) => hop,
            Err(failure) => return Ok(failure.into()),
        };
        let begun = self.begin_notification(operation, watcher, &self.within(watcher, hop))?;
        let outcome = match begun.0 {
            Ok(outcome) => outcome,
            Err(failure) => return Ok(failure.into()),
        };
        let outcome = match operation.deadline() {
            None => outcome.await,
            // Before nobody waits any more: what it means has to be said.
            Some(deadline) => {
                let timeout = tokio::time::timeout(deadline - deadline / 16, outcome).await;
                timeout.unwrap_or(Ok(Outcome::TimedOut))
            }
        };
        let Ok(outcome) = outcome else {
            return Ok(Failure::new(FailureReason::ShuttingDown).into());
        };
        let is_answered = matches!(outcome, Outcome::Final { .. });
        // By way of `outbound` nobody else's address is tried.
        let client = self.unproven(&way).filter(|_| self.default_hop.is_none());
        if let Some(address) = client.filter(|_| is_answered) {
            // Who answers is no victim.
            self.told.give_back(&address);
        }
        // Where a proxy is between, it is the proxy that is not there, and comes again.
        let is_direct = self.default_hop.is_none() && watcher.dialog().routes().next().is_none();
        Ok(match outcome {
            Outcome::Unreachable | Outcome::Unsecured(_) if is_direct => {
                gone("the watcher is not there").into()
            }
            outcome => told(outcome),
        })
    }

    /// Where a request within the dialog goes: to a proxy of ours, else where the dialog says if that can be believed, else where the
    /// SUBSCRIBE came from.
    fn within(&self, watcher: &Watcher, hop: NextHop) -> NextHop {
        let is_believed =
            self.default_hop.is_none() && self.trusted.contains(watcher.hop().address.ip());
        let next = is_believed.then(|| NextHop::of_uri(watcher.dialog().next()));
        let next = next.flatten().filter(|next| next.is_as_safe_as(&hop));
        match next {
            Some(next) => next.by_the_flow_of(&hop),
            None => hop,
        }
    }

    fn begin_notification(
        &self,
        operation: &NotifyOperation,
        watcher: &Watcher,
        hop: &NextHop,
    ) -> Result<Begun> {
        let domain = operation.watcher().domain();
        self.begin_request(Kind::Notify, hop, domain, |branch, route, hop| {
            let contact = OwnContact::of_dialog(operation.target(), watcher.dialog());
            let contact = contact.value(&self.locals, hop);
            write(operation, watcher, &contact, branch, route)
        })
    }
}

fn write(
    operation: &NotifyOperation,
    watcher: &Watcher,
    contact: &str,
    branch: Branch,
    route: &Route<'_>,
) -> Result<Bytes> {
    let mut out = Vec::new();
    let leaving = Leaving {
        transport: route.transport,
        sent_by: route.sent_by,
        branch: &branch.to_string(),
        sequence: watcher.sequence(operation.version()),
        max_forwards: operation.max_forwards().hops(),
    };
    let state = state(operation.state(), operation.expires_in());
    let mut writer = watcher
        .dialog()
        .request(&mut out, Method::Notify, &leaving)
        .header(HeaderName::Contact, contact)
        .header(HeaderName::Event, &watcher.event(operation.package()))
        .header(HeaderName::SubscriptionState, &state)
        .header(HeaderName::UserAgent, route.user_agent);
    let mut body: &[u8] = b"";
    if let Some(document) = operation.document() {
        let content_type = one_line(document.content_type());
        writer = writer.header(HeaderName::ContentType, &content_type);
        body = document.payload().as_bytes();
    }
    let written = writer.finish(body);
    written.map_err(|error| {
        Error::unsupported("the notification cannot be written as SIP").with_source(error)
    })?;
    Ok(out.into())
}

/// The value of Subscription-State (RFC 6665 §8.2.3).
fn state(state: SubscriptionState, expires_in: Option<Duration>) -> String {
    let with_time = |name: &str| match expires_in {
        Some(time) => format!("{name};expires={}", time.as_secs()),
        None => name.to_owned(),
    };
    match state {
        SubscriptionState::Active => with_time("active"),
        SubscriptionState::Terminated {
            reason,
            retry_after,
        } => {
            let ended = format!("terminated;reason={reason}");
            match retry_after {
                Some(time) => format!("{ended};retry-after={}", time.as_secs()),
                None => ended,
            }
        }
        _ => with_time("pending"),
    }
}

/// What an answer says of the subscription: these end it (RFC 6665 §4.2.2), and so does silence.
fn told(outcome: Outcome) -> ResponseStatus {
    match outcome {
        Outcome::Final { status, .. } if status.is_success() => ResponseStatus::Success,
        Outcome::Final { status, .. } if ends_subscription(status) => {
            gone("the watcher says that there is no such subscription").into()
        }
        // A proxy on the way has waited for it.
        Outcome::Final { status, .. } if status == StatusCode::REQUEST_TIMEOUT => silent(),
        Outcome::TimedOut => silent(),
        outcome => status_of(Ok(outcome)),
    }
}

/// Whether a final response says that there is no such subscription any more (RFC 6665 §4.1.2.2, §4.2.2).
pub(super) const fn ends_subscription(status: StatusCode) -> bool {
    matches!(
        status.code(),
        404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604
    )
}

fn silent() -> ResponseStatus {
    gone("the watcher did not answer").into()
}

fn gone(detail: &'static str) -> Failure {
    Failure::new(FailureReason::NoSuchInbox)
        .with_origin(Origin::Peer)
        .with_detail(detail)
}

//! What watchers of this network are told (RFC 6665 §4.2.2, RFC 3856 §6.8).

use std::time::Duration;

use futures_util::future::join_all;
use rialto_sdk::{
    model::{FailureClass, NotifyOperation, SubscriptionId, SubscriptionState, TerminationReason},
    prelude::{Bytes, Error, Failure, FailureReason, Origin, Response, ResponseStatus, Result},
};
use rialto_sip_codec::{HeaderName, Method, StatusCode, dialog::Leaving, transaction::Branch};
use time::OffsetDateTime;

use super::{Begun, Outbound, status_of};
use crate::{
    config::NextHop,
    endpoint::{Kind, Outcome},
    mapping::{
        DEFAULT_DURATION, Device, Devices, OwnContact, Route, Second, Watcher, one_line, second,
    },
};

/// What came of telling one device.
struct Told {
    name: Option<SubscriptionId>,
    status: ResponseStatus,
    /// Nothing more is told to it.
    is_last: bool,
}

impl Outbound {
    /// Notifies a watcher within its dialog, and all others by which it is told of the same, and waits for the final responses.
    ///
    /// A watcher all of whose devices say that there is no subscription, or say nothing, is no more.
    pub(crate) async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        let reference = operation.reference();
        let devices = reference.and_then(|text| text.parse::<Devices>().ok());
        let status = match devices {
            Some(devices) => self.tell_all(&operation, devices).await?,
            None => gone("nothing is known of the watcher's dialog").into(),
        };
        Ok(operation.respond(status))
    }

    async fn tell_all(&self, operation: &NotifyOperation, kept: Devices) -> Result<ResponseStatus> {
        let now = second(OffsetDateTime::now_utc());
        let (found, waiting) = self.sharing.lock().tell(operation, kept, now);
        // Who was believed without being known shares nothing.
        let mut known = found.devices.iter();
        if known.all(|device| self.trusted.contains(device.watcher.hop().address.ip())) {
            let expires_in = operation.expires_in().unwrap_or(DEFAULT_DURATION);
            let found = found.ending(now, expires_in);
            waiting
                .into_iter()
                .for_each(|waiting| drop(waiting.send(found.clone())));
        }
        let telling = found.devices.iter();
        let telling = telling.map(|device| self.tell_device(operation, device, now));
        let told: Result<Vec<Told>> = join_all(telling).await.into_iter().collect();
        let told = told?;
        let gone = told.iter().filter(|told| told.is_last);
        let gone: Vec<SubscriptionId> = gone.filter_map(|told| told.name).collect();
        let is_shared = self.sharing.lock().part(&found.id, &gone);
        Ok(together(told, is_shared))
    }

    async fn tell_device(
        &self,
        operation: &NotifyOperation,
        device: &Device,
        now: Second,
    ) -> Result<Told> {
        let is_over = device.is_over(now);
        let state = match is_over {
            true => SubscriptionState::terminated(TerminationReason::Timeout),
            false => operation.state(),
        };
        let expires_in = operation
            .expires_in()
            .map(|time| time.min(device.left(now)));
        let state = state_value(state, expires_in);
        let status = self.tell(operation, device, &state).await?;
        Ok(Told {
            name: device.watcher.name(),
            is_last: is_over || is_lasting_failure(&status),
            status,
        })
    }

    async fn tell(
        &self,
        operation: &NotifyOperation,
        device: &Device,
        state: &str,
    ) -> Result<ResponseStatus> {
        let watcher = &device.watcher;
        let way = NextHop::from(watcher.hop());
        let hop = match self.way_back(Some(&way)) {
            Ok(hop) => hop,
            Err(failure) => return Ok(failure.into()),
        };
        let begun =
            self.begin_notification(operation, device, state, &self.within(watcher, hop))?;
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
        device: &Device,
        state: &str,
        hop: &NextHop,
    ) -> Result<Begun> {
        let (watcher, is_shared) = (&device.watcher, !device.is_alone());
        let domain = operation.watcher().domain();
        self.begin_request(Kind::Notify, hop, domain, |branch, route, hop| {
            let contact = OwnContact::of_dialog(operation.target(), watcher.dialog(), is_shared);
            let contact = contact.value(&self.locals, hop);
            write(operation, watcher, [&contact, state], branch, route)
        })
    }
}

fn write(
    operation: &NotifyOperation,
    watcher: &Watcher,
    [contact, state]: [&str; 2],
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
    let mut writer = watcher
        .dialog()
        .request(&mut out, Method::Notify, &leaving)
        .header(HeaderName::Contact, contact)
        .header(HeaderName::Event, &watcher.event(operation.package()))
        .header(HeaderName::SubscriptionState, state)
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
fn state_value(state: SubscriptionState, expires_in: Option<Duration>) -> String {
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

/// What came of telling all devices: it is told once more while one may still take it, and over when nobody is left.
fn together(told: Vec<Told>, is_shared: bool) -> ResponseStatus {
    let (last, rest): (Vec<Told>, Vec<Told>) = told.into_iter().partition(|told| told.is_last);
    let is_failure = |told: &Told| matches!(told.status, ResponseStatus::Failure(_));
    let failed = rest.iter().position(is_failure);
    let decisive = match failed {
        Some(failed) => rest.into_iter().nth(failed),
        None if is_shared || !rest.is_empty() => None,
        None => last.into_iter().next(),
    };
    decisive.map_or(ResponseStatus::Success, |told| told.status)
}

/// Whether to tell a device again is in vain.
fn is_lasting_failure(status: &ResponseStatus) -> bool {
    match status {
        ResponseStatus::Failure(failure) => failure.reason().class() == FailureClass::Permanent,
        _ => false,
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

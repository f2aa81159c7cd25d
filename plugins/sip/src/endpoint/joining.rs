//! Further devices of one watcher: they join the subscription that is there.

use std::{future::Future, time::Duration};

use rialto_sdk::prelude::{FailureReason, Response, ResponseStatus, SubscribeOperation};
use rialto_sip_codec::StatusCode;
use tokio::sync::oneshot;

use super::{Endpoint, Now, submissions::Submissions};
use crate::{
    gateway::Gateway,
    mapping::{Device, Second, TooMany, second},
    outbound::NextNotification,
    presence::{Found, Locked, Pair, Sharing},
    responses::Answer,
};

/// How long it takes until a watcher is told something: the service has it told when a subscription of his is asked for that is there already.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A device whose watcher has a subscription.
struct Joining<G> {
    gateway: G,
    sharing: Locked<Sharing<NextNotification>>,
    operation: SubscribeOperation,
    device: Device,
    now: Second,
}

impl<G: Gateway> Endpoint<G> {
    /// Refreshes or ends, for all devices that share the subscription.
    ///
    /// Nobody else but its watcher may say where one of them is now: the others may be shown more than anybody. A device that shared its
    /// subscription before a restart, and comes before it was told anything, has to begin anew: the others would be forgotten.
    pub(super) fn renew(
        &self,
        operation: &SubscribeOperation,
        device: Device,
        was_shared: bool,
        now: Now,
    ) -> Result<Submissions<G::Submission>, Answer> {
        let mut sharing = self.sharing.lock();
        let watcher = sharing.watcher_of(&device);
        if was_shared && watcher.is_none() {
            return Err(Answer::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST));
        }
        let is_he = |watcher| {
            watcher == operation.watcher() && operation.authentication().is_authenticated()
        };
        if !watcher.is_none_or(is_he) {
            return Err(Answer::of_reason(FailureReason::NotPermitted));
        }
        let found = sharing.renew(device);
        drop(sharing);
        let found = found.map_err(|TooMany| Answer::of(StatusCode::MESSAGE_TOO_LARGE))?;
        let operation = match found {
            Some(found) => of_shared(operation, &found, second(now.date)),
            None => operation.clone(),
        };
        Ok(Submissions::one(self.gateway.subscribe(operation)))
    }

    /// Subscribes, or joins the subscription that the watcher has.
    ///
    /// Who shares that is learned from the notification that follows. Where its client has lost it, and says so, or where none comes, the watcher subscribes
    /// once more. One for whom nobody vouches joins nothing: it would be told what is for the watcher alone.
    pub(super) fn subscribe_or_join(
        &self,
        operation: SubscribeOperation,
        device: Device,
        now: Now,
    ) -> Submissions<G::Submission> {
        // Whoever brings the answer may be on a thread without clocks.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Submissions::one(self.gateway.subscribe(operation));
        };
        let (told, next) = oneshot::channel();
        if operation.authentication().is_authenticated() {
            let pair = Pair::of_asked(&operation);
            let is_idle = NextNotification::is_closed;
            self.sharing.lock().look_out(pair, told, is_idle);
        }
        let joining = Joining {
            gateway: self.gateway.clone(),
            sharing: self.sharing.clone(),
            operation: operation.clone(),
            device,
            now: second(now.date),
        };
        let later = move || {
            let next = {
                let _clocks = runtime.enter();
                tokio::time::timeout(A_MOMENT, next)
            };
            joining.run(async { next.await.ok()?.ok() })
        };
        let submissions = Submissions::one(self.gateway.subscribe(operation));
        submissions.after(FailureReason::AlreadySubscribed, later)
    }
}

impl<G: Gateway> Joining<G> {
    async fn run(self, next: impl Future<Output = Option<Found>>) -> Response {
        if let Some(found) = next.await
            && let Some(response) = self.join(&found).await
        {
            return response;
        }
        self.gateway.subscribe(self.operation).await
    }

    /// Has the device told with the others; `None` where there is no room, or no such subscription any more.
    async fn join(&self, found: &Found) -> Option<Response> {
        let name = self.device.watcher.name()?;
        let device = self.device.clone();
        let shared = self.sharing.lock().join(found, device, self.now)?;
        let operation = of_shared(&self.operation, &shared, self.now);
        let response = self.gateway.subscribe(operation).await;
        let ResponseStatus::Failure(failure) = response.status() else {
            return Some(response);
        };
        let is_over = failure.reason() == FailureReason::NoPresentity;
        self.sharing.lock().part(&found.id, &[name]);
        (!is_over).then_some(response)
    }
}

/// What is asked of a subscription that devices share: it lasts until the last of them is over.
fn of_shared(asked: &SubscribeOperation, found: &Found, now: Second) -> SubscribeOperation {
    let (watcher, target) = (asked.watcher().clone(), asked.target().clone());
    let left = found.devices.until().saturating_sub(now);
    let operation = SubscribeOperation::new(*asked.transaction_id(), found.id, watcher, target)
        .into_known()
        .with_package(asked.package())
        .with_duration(Duration::from_secs(left.into()))
        .with_authentication(asked.authentication())
        .with_max_forwards(asked.max_forwards())
        .with_reference(found.devices.to_string());
    match asked.deadline() {
        Some(deadline) => operation.with_deadline(deadline),
        None => operation,
    }
}

//! Later words on messages that came from here, told to their senders (RFC 5438, RFC 3860 §3.4).

use std::net::IpAddr;

use rialto_sdk::{
    model::{Disposition, DispositionOperation},
    prelude::{Error, Failure, FailureReason, Response, ResponseStatus, Result},
};
use tokio::time::Instant;

use super::{FIRST, Outbound, SECOND, is_unsuited, status_of};
use crate::{
    config::{NextHop, TransportKind},
    endpoint::Outcome,
    mapping::{Form, OutgoingMessage, Reference, notice, notification},
};

impl Outbound {
    /// Tells the sender of a message what became of it, and waits for the final response.
    ///
    /// By a notification where one was asked for; a failure by a text where none was, or where notifications are not taken, unless
    /// no person wrote the message (RFC 3834 §2).
    pub(crate) async fn report(&self, report: DispositionOperation) -> Result<Response> {
        let reference = report.reference().map(Reference::parse);
        let reference = reference.unwrap_or_default();
        let status = match self.way_back(reference.hop.as_ref()) {
            Ok(hop) => self.send_report(&report, &reference, &hop).await?,
            Err(failure) => failure.into(),
        };
        Ok(report.respond(status))
    }

    /// The way to the sender: by `outbound`, unless that is in the clear and the message was not, or to where it came from.
    ///
    /// Over UDP anybody may have written any address there, so what goes to one that is not trusted is bounded.
    pub(super) fn way_back(&self, hop: Option<&NextHop>) -> Result<NextHop, Failure> {
        let default = self.default_hop.as_ref();
        if let Some(default) = default.filter(|way| hop.is_none_or(|hop| way.is_as_safe_as(hop))) {
            return Ok(default.clone());
        }
        let hop = hop.ok_or_else(|| {
            Failure::new(FailureReason::Unresolvable).with_detail(
                "nothing says where the message came from, and the adapter has no `outbound`",
            )
        })?;
        match self.unproven(hop) {
            Some(address) => self
                .told
                .take(address, Instant::now())
                .map(|()| hop.clone()),
            None => Ok(hop.clone()),
        }
    }

    /// The address of a hop that anybody may have written, which may be a victim's.
    pub(super) fn unproven(&self, hop: &NextHop) -> Option<IpAddr> {
        let hop = hop.preferred()?;
        let address = hop.address.ip();
        let is_unproven = hop.transport == TransportKind::Udp && !self.trusted.contains(address);
        is_unproven.then_some(address)
    }

    async fn send_report(
        &self,
        report: &DispositionOperation,
        reference: &Reference,
        hop: &NextHop,
    ) -> Result<ResponseStatus> {
        let is_failure = report.disposition() == Disposition::Failed;
        let notified = self.send_notification(report, reference, hop).await?;
        match notified {
            Some(sent) if !(is_failure && is_unsuited(&sent)) => Ok(status_of(sent)),
            // There is nobody to tell.
            _ if is_failure && reference.is_automatic => Ok(ResponseStatus::Success),
            _ if is_failure => Ok(status_of(self.send_notice(report, reference, hop).await?)),
            _ => Ok(Failure::new(FailureReason::UnsupportedService)
                .with_detail("the sender did not ask to be told this")
                .into()),
        }
    }

    /// Sends the notification that was asked for; `None` when none was.
    async fn send_notification(
        &self,
        report: &DispositionOperation,
        reference: &Reference,
        hop: &NextHop,
    ) -> Result<Option<Result<Outcome, Failure>>> {
        let Some(written) = notification(report, reference) else {
            return Ok(None);
        };
        let operation = written.map_err(|error| {
            Error::unsupported("the disposition notification cannot be written").with_source(error)
        })?;
        let message = OutgoingMessage::new(&operation, Form::Cpim)?;
        let message = match reference.route.first() {
            Some(uri) => message.by_way_of(uri),
            None => message,
        };
        let begun = self.begin(&message, FIRST, hop)?;
        Ok(Some(self.awaited(report.transaction_id(), begun).await))
    }

    /// Tells of a failure in words.
    async fn send_notice(
        &self,
        report: &DispositionOperation,
        reference: &Reference,
        hop: &NextHop,
    ) -> Result<Result<Outcome, Failure>> {
        let sender = report.destination().clone();
        if let Err(failure) = self.noticed.take(sender, Instant::now()) {
            return Ok(Err(failure));
        }
        let text = self.notices.text(report);
        let operation = notice(report, reference, text, self.notices.language());
        let message = OutgoingMessage::new(&operation, Form::Plain)?;
        let message = message.automatic(reference.call_id.as_deref());
        let begun = self.begin(&message, SECOND, hop)?;
        Ok(self.awaited(report.transaction_id(), begun).await)
    }
}

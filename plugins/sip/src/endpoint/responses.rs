//! Responses to requests of ours.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rialto_sip_codec::{
    Method, Response, SipMessage,
    transaction::{Branch, Received},
};

use super::{Endpoint, Kind, Outcome, answering::Flow};
use crate::gateway::Gateway;

impl<G: Gateway> Endpoint<G> {
    pub(super) fn receive_response(
        &mut self,
        now: Instant,
        message: &SipMessage<'_>,
        bytes: &Bytes,
        flow: &Flow,
    ) {
        let response = match Response::read(message) {
            Ok(response) => response,
            Err(defect) => return self.counters.malformed(now, flow.source(), &defect),
        };
        let branch = response.via().branch().and_then(Branch::parse);
        let is_ours = REQUESTS.contains(&response.cseq().method());
        let Some(branch) = branch.filter(|_| is_ours) else {
            self.counters.stray_responses += 1;
            return;
        };
        match self.client.receive(now, branch, response.status()) {
            Received::Final(waiting) => {
                let retry_after = message.retry_after().ok().flatten();
                let retry_after =
                    retry_after.map(|after| Duration::from_secs(after.seconds().into()));
                let is_read = waiting.kind() == Kind::Subscribe;
                let whole = is_read.then(|| bytes.clone());
                waiting.end(Outcome::Final {
                    status: response.status(),
                    retry_after,
                    accepts_cpim: accepts_cpim(message),
                    message: whole.unwrap_or_default(),
                });
            }
            Received::Stray => self.counters.stray_responses += 1,
            Received::Provisional | Received::Absorbed => {}
        }
    }
}

/// The methods of requests of ours.
const REQUESTS: [Method<'_>; 3] = [Method::Message, Method::Subscribe, Method::Notify];

/// Whether Accept has message/cpim; a response mostly has none (RFC 3261 §20.1).
fn accepts_cpim(message: &SipMessage<'_>) -> bool {
    let mut accepted = message.accept().map_while(Result::ok);
    accepted.any(|range| match range.main_type() {
        "*" => true,
        main if main.eq_ignore_ascii_case("message") => {
            range.subtype() == "*" || range.subtype().eq_ignore_ascii_case("cpim")
        }
        _ => false,
    })
}

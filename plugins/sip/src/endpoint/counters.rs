//! What happened, for metrics and for the log.

use std::time::{Duration, Instant};

use rialto_sdk::tracing;

use crate::gateway::Gateway;

/// Counts kept in the loop and reported now and then, so that no message pays for them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// MESSAGE requests handed to the gateway.
    pub(super) messages: u64,
    /// Words on earlier messages handed to the gateway.
    pub(super) dispositions: u64,
    /// What watchers asked, handed to the gateway.
    pub(super) subscriptions: u64,
    /// Words on presentities handed to the gateway.
    pub(super) notifications: u64,
    /// What presentities said of themselves, handed to the gateway.
    pub(super) publications: u64,
    /// Copies of requests.
    pub(super) retransmitted_requests: u64,
    /// Requests that came by a second way.
    pub(super) merged: u64,
    /// Requests of ours that were sent again.
    pub(super) retransmissions: u64,
    /// What is no SIP, or breaks its grammar.
    pub(super) malformed: u64,
    /// Responses that nothing waits for (RFC 4320 §4.2).
    pub(super) stray_responses: u64,
    /// Answers of the gateway that came too late to be sent.
    pub(super) late_answers: u64,
    /// Requests refused because there are as many as may be.
    pub(super) refused: u64,
    /// Datagrams that the system did not take.
    pub(super) lost_datagrams: u64,
    pub(super) socket_errors: u64,
    /// When malformed input was logged last, and how much was not since.
    logged: Option<Instant>,
    unlogged: u64,
}

impl Counters {
    /// Hands the counts to the gateway and begins anew.
    pub(super) fn report(&mut self, gateway: &impl Gateway) {
        let counts = [
            ("rialto_sip_messages_total", &mut self.messages),
            ("rialto_sip_dispositions_total", &mut self.dispositions),
            ("rialto_sip_subscriptions_total", &mut self.subscriptions),
            ("rialto_sip_notifications_total", &mut self.notifications),
            ("rialto_sip_publications_total", &mut self.publications),
            (
                "rialto_sip_retransmitted_requests_total",
                &mut self.retransmitted_requests,
            ),
            ("rialto_sip_merged_requests_total", &mut self.merged),
            (
                "rialto_sip_retransmissions_total",
                &mut self.retransmissions,
            ),
            ("rialto_sip_malformed_total", &mut self.malformed),
            (
                "rialto_sip_stray_responses_total",
                &mut self.stray_responses,
            ),
            ("rialto_sip_late_answers_total", &mut self.late_answers),
            ("rialto_sip_refused_total", &mut self.refused),
            ("rialto_sip_lost_datagrams_total", &mut self.lost_datagrams),
            ("rialto_sip_socket_errors_total", &mut self.socket_errors),
        ];
        for (metric, count) in counts {
            match std::mem::take(count) {
                0 => {}
                count => gateway.count(metric, count),
            }
        }
    }

    /// Counts malformed input; logs one of many.
    pub(super) fn malformed(
        &mut self,
        now: Instant,
        source: std::net::SocketAddr,
        defect: &rialto_sip_codec::DecodeError,
    ) {
        self.malformed += 1;
        if self
            .logged
            .is_some_and(|logged| now < logged + LOG_INTERVAL)
        {
            self.unlogged += 1;
            return;
        }
        self.logged = Some(now);
        let unlogged = std::mem::take(&mut self.unlogged);
        tracing::info!(peer.addr = %source, %defect, unlogged, "malformed SIP was refused");
    }
}

const LOG_INTERVAL: Duration = Duration::from_secs(10);

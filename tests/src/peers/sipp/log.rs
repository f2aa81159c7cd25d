//! What SIPp logs of the messages that it receives.

use std::collections::HashSet;

use crate::sip_message::SipMessage;

/// The requests of a method that were received, retransmissions left out.
pub(super) fn requests(log: &[u8], method: &str) -> Vec<SipMessage> {
    let mut seen = HashSet::new();
    let mut messages = received(log);
    messages.retain(|message| message.method() == Some(method) && seen.insert(identity(message)));
    messages
}

/// The final responses that were received, retransmissions left out.
pub(super) fn final_responses(log: &[u8]) -> Vec<SipMessage> {
    let mut seen = HashSet::new();
    let mut messages = received(log);
    messages.retain(|message| {
        message.status().is_some_and(|status| status >= 200) && seen.insert(identity(message))
    });
    messages
}

/// What a retransmission has in common with the first copy.
fn identity(message: &SipMessage) -> [String; 3] {
    ["Call-ID", "CSeq", "Via"].map(|name| message.header(name).unwrap_or_default().to_owned())
}

/// The messages of a log: `UDP message received [<length>] bytes :`, an empty line, the message.
fn received(log: &[u8]) -> Vec<SipMessage> {
    const MARK: &[u8] = b" message received [";
    let mut messages = Vec::new();
    let mut rest = log;
    while let Some(start) = rest.windows(MARK.len()).position(|window| window == MARK) {
        rest = rest.get(start + MARK.len()..).unwrap_or_default();
        let Some((length, wire)) = counted(rest) else {
            break;
        };
        messages.extend(SipMessage::parse(wire));
        rest = rest.get(length..).unwrap_or_default();
    }
    messages
}

/// The message that follows `<length>] bytes :` and an empty line, and where it ends; `None` while it is not whole.
fn counted(log: &[u8]) -> Option<(usize, &[u8])> {
    let digits = log.iter().position(|byte| *byte == b']')?;
    let length: usize = str::from_utf8(log.get(..digits)?).ok()?.parse().ok()?;
    let start = digits + "] bytes :\n\n".len();
    // SIPp ends each entry of its log with a line feed.
    log.get(start + length)?;
    Some((start + length, log.get(start..start + length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_yields_a_message_only_once_it_is_whole() {
        let log =
            b"----- 2026\nUDP message received [19] bytes :\n\nSIP/2.0 200 OK\r\n\r\nx\n-----";
        assert_eq!(received(log).len(), 1);
        assert_eq!(received(log)[0].body(), b"x");
        assert!(received(&log[..60]).is_empty());
    }
}

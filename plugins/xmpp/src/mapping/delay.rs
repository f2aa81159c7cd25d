//! When a message was sent, where that was some time ago (XEP-0203; RFC 3862 §4.4).

use rialto_sdk::model::{Header, MessageHeaders};
use rialto_xmpp_codec::{Delay, Message, Payload, WriteError};
use time::{Duration, OffsetDateTime};

/// A message that took no longer is not late: clients show those that are in another way.
const LATE: Duration = Duration::seconds(10);

/// When a message was sent that was kept on its way, as a header; the first time, if it was kept twice.
pub(super) fn date_time(message: &Message) -> Option<Header> {
    if message.other.is_empty() {
        return None;
    }
    let delays = message.payloads::<Delay>().flatten();
    let first = delays.min_by_key(|delay| delay.stamp)?;
    // The form of XEP-0082 is one of RFC 3339.
    let element = first.to_element().ok()?;
    element
        .attribute("stamp")
        .map(|stamp| Header::new("DateTime", stamp.clone()))
}

/// Says when a message was sent that comes late.
///
/// `from` is who kept it, as far as XMPP can tell: this component.
pub(super) fn say(
    headers: &MessageHeaders,
    from: &str,
    now: impl FnOnce() -> OffsetDateTime,
    stanza: &mut Message,
) -> Result<(), WriteError> {
    let sent = headers.date_time();
    if let Some(sent) = sent.filter(|sent| now() - *sent >= LATE) {
        let delay = Delay {
            from: Some(from.into()),
            ..Delay::new(sent)
        };
        stanza.other.push(delay.to_element()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn delay_of(header: Header, now: OffsetDateTime) -> Option<Delay> {
        let headers = [header].into_iter().collect();
        let mut message = Message::default();
        say(&headers, "sip.example.com", || now, &mut message).unwrap();
        message.payload().unwrap()
    }

    #[test]
    fn message_that_comes_late_says_when_it_was_sent_and_others_do_not() {
        let sent = || Header::new("DateTime", "2002-09-11T01:08:25+02:00");
        let delay = delay_of(sent(), datetime!(2002-09-10 23:08:35 UTC)).unwrap();
        assert_eq!(delay.stamp, datetime!(2002-09-10 23:08:25 UTC));
        assert_eq!(delay.from.as_deref(), Some("sip.example.com"));
        for on_time in [
            datetime!(2002-09-10 23:08:34 UTC),
            datetime!(2002-09-10 22:00 UTC), // a clock that goes wrong, here or there
        ] {
            assert_eq!(delay_of(sent(), on_time), None);
        }
        let none = Header::new("DateTime", "yesterday");
        assert_eq!(delay_of(none, datetime!(2002-09-10 23:08:35 UTC)), None);
    }

    #[test]
    fn time_of_a_message_that_was_kept_is_the_first_and_in_utc() {
        let kept = |stamp| Delay::new(stamp);
        let message = Message::default()
            .with_payload(&kept(datetime!(2002-09-11 01:30 +02)))
            .and_then(|message| message.with_payload(&kept(datetime!(2002-09-11 01:08:25 +02))))
            .unwrap();
        let header = date_time(&message).unwrap();
        assert_eq!(header, Header::new("DateTime", "2002-09-10T23:08:25Z"));
        assert_eq!(date_time(&Message::default()), None);
    }
}

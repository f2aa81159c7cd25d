use proptest::prelude::*;

use super::*;

const TEXT: &str = "1 217728000 udp:192.0.2.1:5060 7\n2xTb9@client.example\n\
    43b1a1c8de2f1d75 sip:juliet@xmpp.example\nxfg9 sip:romeo@sip.example\nsip:romeo@192.0.2.1:5060";

#[test]
fn watcher_is_read_back_from_its_text() {
    for text in [TEXT.to_owned(), TEXT.replace("5060 7\n", "5060 \n")] {
        let watcher: Watcher = text.parse().unwrap();
        assert_eq!(watcher.to_string(), text);
    }
    let watcher: Watcher = TEXT.parse().unwrap();
    assert_eq!(watcher.event(Package::Presence), "presence;id=7");
    assert_eq!(watcher.hop().to_string(), "udp:192.0.2.1:5060");
}

#[test]
fn text_of_another_version_is_no_watcher() {
    for wrong in [
        String::new(),
        TEXT.replacen('1', "2", 1),
        TEXT.replace("217728000", "-1"),
        TEXT.replace("udp:192.0.2.1:5060 7", "udp:host:5060 7"),
        TEXT.replace(" 7\n", "\n"),
        TEXT.replace("xfg9 ", ""),
    ] {
        assert_eq!(wrong.parse::<Watcher>(), Err(NoWatcher), "{wrong}");
    }
}

#[test]
fn rfc3261_8_1_1_5_sequence_rises_with_versions_and_with_time_and_stays_below_its_limit() {
    let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(1_577_836_800 + seconds).unwrap();
    assert_eq!(second(at(-5)), 0);
    assert_eq!(second(at(60)), 60);
    let watcher: Watcher = TEXT.parse().unwrap();
    assert_eq!(watcher.sequence(3), 217_728_003);
    let last = Watcher {
        base: MAX_CSEQ,
        ..watcher
    };
    assert_eq!(last.sequence(1), 0);
}

proptest! {
    #[test]
    fn any_text_is_a_watcher_that_reads_the_same_again_or_none(text in "1 [0-9]{1,9} udp:127.0.0.1:[0-9]{1,5} [a-z\n]{0,4}\n[ -~\n]{0,80}") {
        if let Ok(watcher) = text.parse::<Watcher>() {
            prop_assert_eq!(watcher.to_string().parse(), Ok(watcher));
        }
    }
}

use proptest::prelude::*;

use super::*;

/// A device with a dialog of its own.
fn device(number: usize, until: Second) -> Device {
    let text = format!(
        "1 217728000 udp:192.0.2.1:5060 \ncall-{number}\nours sip:juliet@xmpp.example\ntheirs sip:romeo@sip.example\nsip:romeo@192.0.2.1:5060"
    );
    let watcher = text.parse().unwrap();
    Device { until, watcher }
}

fn devices(count: usize) -> Devices {
    let mut all = Devices::of(device(0, 10));
    for number in 1..count {
        all.put(device(number, 10)).unwrap();
    }
    all
}

#[test]
fn one_device_alone_is_written_as_its_dialog_and_several_as_paragraphs() {
    let alone = Device::alone(device(0, 0).watcher);
    let text = alone.watcher.to_string();
    assert_eq!(Devices::of(alone.clone()).to_string(), text);
    assert_eq!(text.parse(), Ok(Devices::of(alone)));
    for count in 1..=Devices::MAX {
        let all = devices(count);
        assert_eq!(all.to_string().parse(), Ok(all));
    }
}

#[test]
fn device_that_comes_again_takes_its_own_place() {
    let mut all = devices(3);
    all.put(device(1, 99)).unwrap();
    assert_eq!(all.iter().count(), 3);
    assert_eq!(all.until(), 99);
}

#[test]
fn devices_of_a_watcher_are_bounded_by_number_and_by_length() {
    let mut all = devices(Devices::MAX);
    let full = all.clone();
    assert_eq!(all.put(device(Devices::MAX, 10)), Err(TooMany));
    assert_eq!(all, full);
    let more = format!("{all}\n\n{}", device(99, 10).watcher);
    assert_eq!(more.parse::<Devices>(), Err(NoWatcher));
    let long = |number: usize| {
        let device = device(number, 10);
        let route = format!("\nsip:{}@p.example;lr", "p".repeat(1800));
        let watcher = format!("{}{route}", device.watcher).parse().unwrap();
        Device { watcher, ..device }
    };
    let mut all = Devices::of(long(0));
    assert_eq!(all.put(long(1)), Ok(()));
    assert_eq!(all.put(long(2)), Err(TooMany));
}

#[test]
fn devices_that_are_gone_are_left_out_until_nobody_is_there() {
    let all = devices(2);
    let names: Vec<_> = all.iter().filter_map(|of| of.watcher.name()).collect();
    let left = all.without(&names[..1]).unwrap();
    assert_eq!(left, Devices::of(device(1, 10)));
    assert_eq!(all.without(&names), None);
}

#[test]
fn text_of_no_devices_is_none() {
    for wrong in [
        "",
        "2\n",
        "2\n5 1",
        "2\nx 1 2 udp:192.0.2.1:5060 \nc",
        "3\n",
    ] {
        assert_eq!(wrong.parse::<Devices>(), Err(NoWatcher), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_text_is_devices_that_read_the_same_again_or_none(
        paragraphs in prop::collection::vec("[0-9]{1,11} 1 [0-9]{1,9} udp:127.0.0.1:[0-9]{1,5} [a-z]{0,2}\n[a-z@\n]{0,3}\na sip:b\nc sip:d\nsip:e@f(\n){0,2}", 0..10),
    ) {
        let text = format!("2\n{}", paragraphs.join("\n\n"));
        if let Ok(devices) = text.parse::<Devices>() {
            prop_assert_eq!(devices.to_string().parse(), Ok(devices));
        }
    }
}

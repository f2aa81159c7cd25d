//! `[store]` and `[custody]`.

use std::{num::NonZeroUsize, time::Duration};

use rialto_router::RoutingTable;

use super::{
    super::{Patience, TemporaryFailures},
    *,
};
use crate::policies;

#[test]
fn store_is_beside_the_configuration_wherever_the_command_runs() {
    let folder = Folder::with(GOOD);
    let config = folder.read(&[]).unwrap();
    assert!(config.store.enabled);
    assert_eq!(config.store.folder, folder.0.path().join("store"));
    let relative = folder.read(&["store.folder=queue"]).unwrap();
    assert_eq!(relative.store.folder, folder.0.path().join("queue"));
    let absolute = folder.read(&["store.folder=/var/lib/rialto"]).unwrap();
    assert_eq!(absolute.store.folder, PathBuf::from("/var/lib/rialto"));
}

#[test]
fn store_may_have_the_size_that_the_operator_says_in_bytes_or_units() {
    let folder = Folder::with(GOOD);
    let size = |flag| folder.read(&[flag]).unwrap().store.max_size;
    assert_eq!(size("store.max_size=32MiB"), 32 << 20);
    assert_eq!(size("store.max_size=33554432"), 32 << 20);
    for flag in ["store.max_size=1MiB", "store.max_size=1GB"] {
        assert_eq!(folder.errors(&[flag]).len(), 1, "{flag}");
    }
}

#[test]
fn custody_of_an_adapter_goes_before_that_of_all() {
    let folder = Folder::with(&format!(
        "{GOOD}
[custody]
patience = \"never\"
temporary_failures = \"keep\"

[adapters.mail]
plugin = \"mail\"
[adapters.mail.custody]
patience = \"0s\"
time_to_live = \"48h\"
"
    ));
    let config = folder.read(&[]).unwrap();
    let of = |name| {
        let named = config.adapters.iter().find(|adapter| adapter.name == name);
        let custody = named.unwrap().custody.over(&config.custody.policy);
        (
            custody.patience,
            custody.temporary_failures,
            custody.time_to_live,
        )
    };
    let keep = Some(TemporaryFailures::Keep);
    assert_eq!(of("sip"), (Some(Patience::Never), keep, None));
    let (at_once, two_days) = (Patience::For(Duration::ZERO), Duration::from_secs(172_800));
    assert_eq!(of("mail"), (Some(at_once), keep, Some(two_days)));
}

#[test]
fn everything_wrong_with_store_and_custody_is_found_where_it_stands() {
    let folder = Folder::with(
        "[store]
enabled = \"no\"
folder = \"\"
max_size = \"big\"
fodler = \"x\"

[custody]
patience = \"1h\"
temporary_failures = \"drop\"
time_to_live = \"0s\"
max_messages = 0
max_in_flight = 0
retry_min = \"1h\"

[adapters.x]
plugin = \"x\"
[adapters.x.custody]
patience = \"none\"
ttl = \"1h\"
",
    );
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:18 adapters.x.custody.patience",
            "rialto.toml:19 adapters.x.custody.ttl",
            "rialto.toml:2 store.enabled",
            "rialto.toml:3 store.folder",
            "rialto.toml:4 store.max_size",
            "rialto.toml:5 store.fodler",
            "rialto.toml:8 custody.patience",
            "rialto.toml:9 custody.temporary_failures",
            "rialto.toml:10 custody.time_to_live",
            "rialto.toml:11 custody.max_messages",
            "rialto.toml:12 custody.max_in_flight",
            "rialto.toml:13 custody.retry_min",
        ]
    );
}

#[test]
fn isolation_is_none_or_a_process_and_its_limits_belong_to_the_process() {
    let folder = Folder::with(
        "[adapters.a]
plugin = \"x\"
isolation = \"container\"
[adapters.b]
plugin = \"x\"
max_memory = \"1GiB\"
max_restarts = 9
readable = [\"/etc/rialto/tls\"]
[adapters.c]
plugin = \"x\"
isolation = \"process\"
max_memory = \"1MiB\"
[adapters.d]
plugin = \"x\"
isolation = \"process\"
max_memory = \"64MiB\"
readable = [\"/etc/rialto/tls\"]
",
    );
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:3 adapters.a.isolation",
            "rialto.toml:6 adapters.b.max_memory",
            "rialto.toml:7 adapters.b.max_restarts",
            "rialto.toml:8 adapters.b.readable",
            "rialto.toml:12 adapters.c.max_memory",
        ]
    );
}

#[test]
fn keeping_messages_without_a_store_is_a_contradiction() {
    let folder = Folder::with(&format!(
        "{GOOD}
[adapters.sip.custody]
patience = \"0s\"

[store]
enabled = false

[custody]
patience = \"never\"
temporary_failures = \"keep\"
"
    ));
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:24 custody.temporary_failures",
            "rialto.toml:17 adapters.sip.custody.patience",
        ]
    );
    let hint = folder.read(&[]).unwrap_err().0.remove(0).hint;
    assert!(hint.unwrap().contains("enable the store"));
}

#[test]
fn messages_that_are_remembered_are_as_many_however_many_shards_share_them() {
    let config = Folder::with(GOOD).read(&[]).unwrap();
    let table = RoutingTable::builder().build().unwrap();
    for (shards, each) in [(1, 32_768), (4, 8_192), (256, 128)] {
        let shards = NonZeroUsize::new(shards).unwrap();
        let settings = policies::settings(&config, &[], &table, shards);
        let said = format!("max_passed_on: {each},");
        assert!(format!("{settings:?}").contains(&said), "{shards}");
    }
}

//! What the operator gets wrong, and what the gateway says.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::{Config, ConfigErrors, Sources};

mod damage;
mod kept;
mod presence;

const GOOD: &str = r#"
[gateway]
relay_domains = ["relay.example"]

[adapters.sip]
plugin = "sip"
domains = ["xmpp.example"]
[adapters.sip.config]
listen = ["udp:127.0.0.1:5060"]

[[routes]]
domain = "sip.example"
adapter = "sip"
next_hop = "udp:127.0.0.1:5070"
"#;

/// The configuration of this text, for other tests.
pub(crate) fn of(text: &str) -> Config {
    Folder::with(text).read(&[]).unwrap()
}

struct Folder(TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        fs::write(folder.file(), text).unwrap();
        folder
    }

    fn also(self, name: &str, text: &str) -> Self {
        fs::create_dir_all(self.0.path().join("conf.d")).unwrap();
        fs::write(self.0.path().join("conf.d").join(name), text).unwrap();
        self
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("rialto.toml")
    }

    fn read(&self, flags: &[&str]) -> Result<Config, ConfigErrors> {
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Sources::read(&self.file(), &flags)?.draft()?.finish()
    }

    /// `file:line key` of each error.
    fn errors(&self, flags: &[&str]) -> Vec<String> {
        let errors = self.read(flags).unwrap_err().0;
        let folder = format!("{}/", self.0.path().display());
        let place = |place: Option<String>| place.unwrap_or_default().replace(&folder, "");
        errors
            .into_iter()
            .map(|e| format!("{} {}", place(e.place), e.key))
            .collect()
    }
}

#[test]
fn plugin_section_is_handed_on_as_json() {
    let config = Folder::with(GOOD).read(&[]).unwrap();
    assert_eq!(
        config.adapters[0].config,
        r#"{"listen":["udp:127.0.0.1:5060"]}"#
    );
    assert_eq!(config.adapters[0].domains[0].as_str(), "xmpp.example");
    assert_eq!(
        config.routes[0].next_hop.as_deref(),
        Some("udp:127.0.0.1:5070")
    );
}

#[test]
fn all_errors_are_found_in_one_run_each_with_file_line_and_key() {
    let folder = Folder::with(
        r#"[gateway]
relay_domains = ["relay.example", "localhost"]
shards = "many"
drian = "5s"

[adapters.sip]
plugn = "sip"

[[routes]]
domain = "xmpp.example"
adapter = "xmp"
"#,
    )
    .also(
        "10.toml",
        "[log]\nformat = \"xml\"\n\n[[routes]]\ndomain = \"sip\"\nadapter = \"sip\"\n",
    );
    assert_eq!(
        folder.errors(&["gateway.deadline=soon"]),
        [
            "rialto.toml:3 gateway.shards",
            "rialto.toml:2 gateway.relay_domains",
            "--set gateway.deadline gateway.deadline",
            "rialto.toml:4 gateway.drian",
            "conf.d/10.toml:2 log.format",
            "rialto.toml:6 adapters.sip.plugin",
            "rialto.toml:7 adapters.sip.plugn",
            "rialto.toml:11 routes[0].adapter",
            "conf.d/10.toml:5 routes[1].domain",
        ]
    );
}

#[test]
fn misspelt_key_gets_the_nearest_known_one_as_a_hint() {
    let errors = Folder::with("[gateway]\ndrian = \"5s\"\n")
        .read(&[])
        .unwrap_err();
    assert_eq!(errors.0[0].hint.as_deref(), Some("did you mean `drain`?"));
}

#[test]
fn file_that_is_no_toml_is_named_with_the_line() {
    let folder = Folder::with("[gateway]\nshards = = 3\n");
    assert_eq!(folder.errors(&[]), ["rialto.toml:2 "]);
}

#[test]
fn file_that_is_not_there_is_an_error_and_not_an_empty_configuration() {
    let errors = Sources::read("/nonexistent/rialto.toml".as_ref(), &[]).unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("/nonexistent/rialto.toml: cannot be read"),
        "{errors}"
    );
}

#[test]
fn flag_wins_over_the_files_and_conf_d_over_the_first_file() {
    let folder = Folder::with("[gateway]\nshards = 2\nmax_operations = 5\n")
        .also("1.toml", "[gateway]\nmax_operations = 6\n");
    let config = folder.read(&["gateway.shards=3"]).unwrap();
    assert_eq!(
        (config.gateway.shards, config.gateway.max_operations),
        (3, 6)
    );
}

#[test]
fn routes_of_all_files_are_joined() {
    let folder = Folder::with(GOOD).also(
        "1.toml",
        "[[routes]]\ndomain = \"b.example\"\nadapter = \"sip\"\n",
    );
    assert_eq!(folder.read(&[]).unwrap().routes.len(), 2);
}

#[test]
fn errors_name_the_place_and_never_the_line_that_may_hold_a_secret() {
    let folder = Folder::with("[adapters.xmpp]\nconfig = { secret = \"hunter2\" broken }\n");
    let text = folder.read(&[]).unwrap_err().to_string();
    assert!(
        text.contains("rialto.toml:2") && !text.contains("hunter2"),
        "{text}"
    );
    let text = folder.read(&["hunter2"]).unwrap_err().to_string();
    assert!(
        text.contains("--set") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn inline_table_may_take_several_lines_and_a_date_is_text() {
    let config = Folder::with(
        "[adapters.xmpp]\nplugin = \"xmpp\"\nconfig = {\n  secret = \"hunter2\",\n  since = 2026-01-31,\n}\n",
    )
    .read(&[])
    .unwrap();
    assert_eq!(
        config.adapters[0].config,
        r#"{"secret":"hunter2","since":"2026-01-31"}"#
    );
}

#[test]
fn every_kind_of_toml_value_reaches_the_plugin_as_it_is() {
    let config = Folder::with(
        "[adapters.x]\nplugin = \"x\"\nconfig.a.b = 0x1_0\nconfig.c = -1.5e3\nconfig.d = [true, [\"\", 'é']]\n",
    )
    .read(&[])
    .unwrap();
    assert_eq!(
        config.adapters[0].config,
        r#"{"a":{"b":16},"c":-1500.0,"d":[true,["","é"]]}"#
    );
}

#[test]
fn values_of_the_wrong_kind_are_each_reported_where_they_stand() {
    let folder = Folder::with(
        "gateway = 5\nroutes = [1]\nlog.filter = \"a=b=c\"\nlog.format = 1979-05-27\nadapters.x = []\n\n[other]\n",
    );
    assert_eq!(
        folder.errors(&["=1", "gateway..drain=5s"]),
        ["--set ", "--set "]
    );
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:1 gateway",
            "rialto.toml:3 log.filter",
            "rialto.toml:4 log.format",
            "rialto.toml:5 adapters.x",
            "rialto.toml:5 adapters.x.plugin",
            "rialto.toml:2 routes[0]",
            "rialto.toml:2 routes[0].domain",
            "rialto.toml:2 routes[0].adapter",
            "rialto.toml:7 other",
        ]
    );
}

#[test]
fn figures_and_names_that_the_gateway_cannot_keep_to_are_refused() {
    let long = "x".repeat(120);
    let folder = Folder::with("[gateway]\nshards = 1\nmax_operations = 99999999999999999999\n");
    assert_eq!(folder.errors(&[]), ["rialto.toml:3 "]);
    let folder = Folder::with(&format!(
        "[gateway]\ndeadline = \"10m\"\ncontrol_socket = \"{long}\"\n[adapters.\"a\\nb\"]\nplugin = \"x\"\n"
    ));
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:2 gateway.deadline",
            "rialto.toml:3 gateway.control_socket",
            "rialto.toml:4 adapters.a\nb",
        ]
    );
}

#[test]
fn conf_d_that_is_no_folder_is_an_error() {
    let folder = Folder::with(GOOD);
    fs::write(folder.0.path().join("conf.d"), "").unwrap();
    assert_eq!(folder.errors(&[]), ["conf.d "]);
}

#[test]
fn everything_wrong_with_the_resolver_is_found_at_its_key() {
    let wrong = format!(
        "{GOOD}
[resolver]
adapters = [\"sip\", \"mail\"]
name_servers = [\"dns.example\"]
attempts = 0
alternates = 1
families = \"ipv5\"
denied = [\"10.0.0.0/33\"]
cache_entries = 0
min_ttl = \"2h\"
timeout = \"0s\"
attempt_timeout = \"0s\"
max_state = \"1h\"
"
    );
    let mut errors = Folder::with(&wrong).errors(&[]);
    errors.sort();
    let keys: Vec<_> = errors
        .iter()
        .filter_map(|error| error.rsplit('.').next())
        .collect();
    let expected = [
        "adapters",
        "name_servers",
        "attempts",
        "alternates",
        "families",
        "denied",
        "cache_entries",
        "min_ttl",
        "timeout",
        "attempt_timeout",
        "max_state",
    ];
    for key in expected {
        assert!(keys.contains(&key), "{key} in {errors:?}");
    }
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
}

#[test]
fn cpim_2_2_4_limit_of_alternates_is_configurable_and_under_two_is_refused() {
    let with = |alternates| {
        let folder = Folder::with(&format!("{GOOD}\n[resolver]\nalternates = {alternates}\n"));
        folder.read(&[])
    };
    assert!(with(2).is_ok() && with(9).is_ok());
    let error = with(1).unwrap_err().0.remove(0);
    assert_eq!(error.key, "resolver.alternates");
    assert!(error.problem.contains("at least 2"), "{}", error.problem);
}

const ADAPTERS: &str = "[adapters.sip]\nplugin = \"sip\"\n[adapters.xmpp]\nplugin = \"xmpp\"\n";

#[test]
fn aliases_rules_and_principals_are_read_with_their_places() {
    let folder = Folder::with(&format!(
        r#"{ADAPTERS}
[[aliases]]
address = "*@sip.example.com"
shown_as = "*@example.com"
adapters = ["xmpp"]

[[rules]]
action = "deny"
from_adapter = "sip"
from = "*@*.spam.example"
to = "boss@xmpp.example"
authenticated = false

[principals."im:bob@xmpp.example"]
blocked = ["mallory@sip.example"]

[[routes]]
domain = "partner.example"
adapter = "sip"
own = false
"#
    ));
    let config = folder.read(&[]).unwrap();
    assert_eq!(config.aliases[0].address.to_string(), "*@sip.example.com");
    assert_eq!(config.aliases[0].key, "aliases[0]");
    let rule = &config.rules[0];
    let place = rule.place.as_deref().unwrap();
    assert!(place.ends_with("rialto.toml:11"), "{place}");
    assert_eq!(rule.rule.place().map(|place| &**place), Some(place));
    assert_eq!(config.principals[0].inbox.as_str(), "im:bob@xmpp.example");
    assert_eq!(config.principals[0].blocked.len(), 1);
    assert!(!config.routes[0].own);
}

#[test]
fn errors_of_aliases_and_rules_are_found_in_one_run() {
    let folder = Folder::with(&format!(
        r#"{ADAPTERS}
[[aliases]]
address = "bob"
adapters = ["fax"]

[[aliases]]
address = "*@a.example"
shown_as = "*@b.example"
adapters = []

[[rules]]
action = "drop"
from_adapter = "telex"
to = "*@10.0.0.1"
authenticated = "yes"
form = "*@a.example"

[principals.bob]
blocked = ["*"]
"#
    ));
    assert_eq!(
        folder.errors(&[]),
        [
            "rialto.toml:7 aliases[0].address",
            "rialto.toml:6 aliases[0].shown_as",
            "rialto.toml:8 aliases[0].adapters",
            "rialto.toml:13 aliases[1].adapters",
            "rialto.toml:16 rules[0].action",
            "rialto.toml:17 rules[0].from_adapter",
            "rialto.toml:18 rules[0].to",
            "rialto.toml:19 rules[0].authenticated",
            "rialto.toml:20 rules[0].form",
            "rialto.toml:22 principals.bob",
            "rialto.toml:23 principals.bob.blocked",
        ]
    );
    let errors = folder.read(&[]).unwrap_err();
    let hint = errors.0.iter().find(|error| error.key == "rules[0].form");
    assert_eq!(hint.unwrap().hint.as_deref(), Some("did you mean `from`?"));
}

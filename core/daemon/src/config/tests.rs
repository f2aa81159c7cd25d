//! What the operator gets wrong, and what the gateway says.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::{Config, ConfigErrors, Sources};

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
        Sources::read(&self.file(), &flags)?.config()
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

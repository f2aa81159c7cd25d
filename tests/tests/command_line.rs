//! The command line, as an operator meets it: what each verb prints, and its exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rialto_tests::{
    gateway,
    peers::{self, Prosody, Transport},
    world::{ALICE, World, WorldSettings},
};
use serde_json::Value;
use tempfile::TempDir;

/// `sysexits.h`.
const USAGE: i32 = 64;
const UNAVAILABLE: i32 = 69;
const CONFIG: i32 = 78;

const CONFIGURATION: &str = include_str!("../../examples/config/sip-xmpp.toml");
const SECRET: &str = "wherefore-art-thou";

#[test]
fn check_accepts_the_example_configurations() {
    for name in ["sip-xmpp.toml", "full.toml"] {
        let output = rialto(&example(name), &["check"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", error(&output));
    }
}

#[test]
fn check_counts_what_there_is_and_says_what_each_adapter_takes() {
    let rule = "\n[[rules]]\naction = \"deny\"\nfrom = \"*@spam.example\"\n";
    let folder = folder(&format!("{CONFIGURATION}{rule}"));
    let output = rialto(&folder.path().join("rialto.toml"), &["check"]);
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        printed.contains("0 aliases, 1 rule, 0 principals"),
        "{printed}"
    );
    assert!(
        printed.contains("sip: sip") && printed.contains("127.0.0.1:5060"),
        "{printed}"
    );
    assert!(printed.contains("domain relay.example"), "{printed}");
}

#[test]
fn check_names_the_line_of_a_key_that_only_the_plugin_knows() {
    let misspelt = CONFIGURATION.replace("\nsecret =", "\nsecrte =");
    let (before, _) = misspelt.split_once("secrte =").unwrap();
    let place = format!("rialto.toml:{}", before.lines().count() + 1);
    let folder = folder(&misspelt);
    let output = rialto(&folder.path().join("rialto.toml"), &["check"]);
    assert_eq!(output.status.code(), Some(CONFIG));
    let text = error(&output);
    assert!(
        text.contains(&place) && text.contains("adapters.xmpp.config.secrte"),
        "{text}"
    );
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn check_names_all_that_is_wrong_in_a_plugins_section_at_once_each_with_its_line_and_a_hint() {
    let sip = "[adapters.sip.config]\n";
    let (before, rest) = CONFIGURATION.split_once(sip).unwrap();
    let wrong = "max_pending = \"many\"\nidle_timeot = \"1m\"\nt1 = \"soon\"\ntrusted = [\n  \"192.0.2.1\",\n  5,\n]\n";
    let folder = folder(&format!("{before}{sip}{wrong}{rest}"));
    let output = rialto(&folder.path().join("rialto.toml"), &["check"]);
    assert_eq!(output.status.code(), Some(CONFIG));
    let text = error(&output);
    let first = before.lines().count() + 2;
    for (line, said) in [
        (
            0,
            "`adapters.sip.config.max_pending`: must be of type integer",
        ),
        (
            1,
            "`adapters.sip.config.idle_timeot`: unknown key\n    hint: did you mean `idle_timeout`?",
        ),
        (
            2,
            "`adapters.sip.config.t1`: must be a duration like \"10s\"",
        ),
        (
            5,
            "`adapters.sip.config.trusted[1]`: must be of type string",
        ),
    ] {
        let said = format!("rialto.toml:{}: {said}", first + line);
        assert!(text.contains(&said), "{said}\nnot in:\n{text}");
    }
    assert_eq!(text.matches("rialto.toml:").count(), 4, "{text}");
    assert_eq!(text.matches("hint: ").count(), 4, "{text}");
}

#[test]
fn plugins_info_says_what_a_plugin_carries_and_each_key_of_its_configuration() {
    let folder = folder(CONFIGURATION);
    let file = folder.path().join("rialto.toml");
    let output = rialto(&file, &["plugins", "info", "xmpp"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    for said in [
        "carries      content text/plain, ",
        "  secret (string, needed)  What the server knows the component by.",
        "  reconnect_max (duration, ",
    ] {
        assert!(printed.contains(said), "{said} is not in:\n{printed}");
    }
    let output = rialto(&file, &["plugins", "info", "--json", "xmpp"]);
    let info: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["config_schema"]["additionalProperties"], false);
    assert_eq!(info["capabilities"][0], "content text/plain");
}

#[test]
fn check_refuses_two_adapters_that_want_one_port_and_names_both() {
    let other = "[adapters.other]\nplugin = \"sip\"\n\
                 [adapters.other.config]\nlisten = [\"udp:127.0.0.1:5060\"]\n";
    let twin = format!("{CONFIGURATION}\n{other}");
    let folder = folder(&twin);
    let output = rialto(&folder.path().join("rialto.toml"), &["check"]);
    assert_eq!(output.status.code(), Some(CONFIG));
    let text = error(&output);
    assert!(
        text.contains("127.0.0.1:5060 is taken by adapter other"),
        "{text}"
    );
}

const RULES: &str = r#"
[[rules]]
action = "deny"
from = "*@spam.example"

[[rules]]
action = "allow"
to = "*@spam.example"
authenticated = true
"#;

/// What `rialto rules test` says.
fn judged(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = folder(&format!("{CONFIGURATION}{RULES}"));
    let file = folder.path().join("rialto.toml");
    let output = rialto(&file, &[&["rules", "test"], arguments].concat());
    let printed = String::from_utf8(output.stdout).unwrap();
    let place = folder.path().display().to_string();
    (output.status.code(), printed.replace(&place, ""))
}

#[test]
fn rules_test_says_whether_a_message_may_pass_and_what_decides() {
    let (alice, juliet) = ("im:al@sip.example", "im:juliet@xmpp.example");
    let (code, text) = judged(&[alice, juliet]);
    assert_eq!(
        (code, &*text),
        (Some(0), "allowed by default (no rule forbids it)\n")
    );
    let line = CONFIGURATION.lines().count() + 2;
    let (code, text) = judged(&["im:x@spam.example", juliet, "--from-adapter", "sip"]);
    let by_rule = format!("denied by rule 1 (/rialto.toml:{line})\n");
    assert_eq!((code, &*text), (Some(1), &*by_rule));
    let (code, text) = judged(&[alice, juliet, "--from-adapter", "xmpp"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("own users speak by their own network only"),
        "{text}"
    );
    let (code, text) = judged(&[alice, "im:x@spam.example", "--authenticated", "--json"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &answer["from_adapter"]),
        (Some(0), &Value::from("sip"))
    );
    let ruling = &answer["rulings"][0];
    assert_eq!(
        (&ruling["ruling"], &ruling["by"]),
        (&Value::from("allowed"), &Value::from("rule 2"))
    );
    let (code, _) = judged(&["im:x@nowhere.example", juliet]);
    assert_eq!(code, Some(USAGE), "no adapter is named, and none follows");
}

#[test]
fn check_names_all_conflicts_of_aliases_and_rules_at_once_each_with_its_line_and_a_hint() {
    let more = r#"
[[aliases]]
address = "*@sip.example"
shown_as = "*@relay.example"

[[aliases]]
address = "juliet@xmpp.example"
shown_as = "juliet@xmpp.example"

[[rules]]
action = "deny"

[[rules]]
action = "allow"
from = "*@sip.example"
"#;
    let text = format!("{CONFIGURATION}{more}");
    let line = |wanted: &str| {
        let (before, _) = text.split_once(wanted).unwrap();
        before.lines().count() + 1
    };
    let expected = [
        (
            line("[[aliases]]\naddress = \"*@sip"),
            "`aliases[0]`: `*@relay.example` hides source routes",
        ),
        (
            line("[[aliases]]\naddress = \"juliet"),
            "`aliases[1]`: `juliet@xmpp.example` is shown as itself",
        ),
        (
            line("[[rules]]\naction = \"allow"),
            "`rules[1]`: this rule is never asked: rule 1 before it",
        ),
    ];
    let other_fault = ["gateway.drain=soon"];
    for more in [&[][..], &other_fault[..]] {
        let folder = folder(&text);
        let set: Vec<_> = more.iter().flat_map(|key| ["--set", key]).collect();
        let output = rialto(
            &folder.path().join("rialto.toml"),
            &[&set[..], &["check"]].concat(),
        );
        assert_eq!(output.status.code(), Some(CONFIG));
        let said = error(&output);
        for (line, problem) in &expected {
            let wanted = format!("rialto.toml:{line}: {problem}");
            assert!(said.contains(&wanted), "no {wanted} in {said}");
        }
        assert_eq!(said.matches("hint: ").count(), expected.len(), "{said}");
    }
}

#[test]
fn resolve_explains_each_step_and_tells_how_the_sender_is_shown() {
    let folder = folder(CONFIGURATION);
    let arguments = [
        "resolve",
        "im:bob@xmpp.example",
        "--from",
        "sip",
        "--source",
        "im:al@sip.example",
        "--json",
    ];
    let output = rialto(&folder.path().join("rialto.toml"), &arguments);
    let explained: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(explained[0]["adapter"], "xmpp");
    assert_eq!(
        explained[0]["shown_source"],
        "im:sip=sip.example/al@relay.example"
    );
    assert!(explained[0]["steps"].as_array().unwrap().len() > 3);
}

#[test]
fn resolve_fails_for_a_domain_without_a_route_and_for_what_is_no_address() {
    let folder = folder(CONFIGURATION);
    let file = folder.path().join("rialto.toml");
    let output = rialto(
        &file,
        &["resolve", "im:bob@nowhere.example", "--from", "sip"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error(&output).contains("nowhere.example"),
        "{}",
        error(&output)
    );
    let output = rialto(&file, &["resolve", "im:bob@localhost"]);
    assert_eq!(output.status.code(), Some(USAGE));
    assert!(
        error(&output).contains("not fully qualified"),
        "{}",
        error(&output)
    );
}

#[test]
fn plugins_lists_what_the_configuration_names() {
    let folder = folder(CONFIGURATION);
    let output = rialto(&folder.path().join("rialto.toml"), &["plugins", "--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["sip", "xmpp"]);
}

#[test]
fn plugins_refuses_a_file_that_is_no_library_and_says_so() {
    let folder = folder(CONFIGURATION);
    let file = folder.path().join("rialto.toml");
    let output = rialto(&file, &["plugins", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(UNAVAILABLE));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("not a complete shared library"),
        "{printed}"
    );
}

#[test]
fn send_without_a_running_gateway_says_where_it_looked() {
    let folder = folder(CONFIGURATION);
    let file = folder.path().join("rialto.toml");
    let socket = format!(
        "gateway.control_socket={}",
        folder.path().join("none").display()
    );
    let message = ["send", "im:a@relay.example", "im:b@xmpp.example", "hello"];
    let output = rialto(&file, &[&["--set", &socket], &message[..]].concat());
    assert_eq!(output.status.code(), Some(UNAVAILABLE));
    assert!(error(&output).contains("/none"), "{}", error(&output));
}

#[test]
fn cpim_c_link_fills_in_the_subject_and_the_text_that_a_sip_user_gets() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let link = "im:alice@SIP.example?subject=caf%C3%A9%20%26%20bar&body=1+1%0D%0A%E4%BB%8A";
    let reply = world
        .gateway
        .ask(&["send", "im:operator@relay.example", link]);
    assert_eq!(reply["status"], "success", "{reply}");
    let message = world.sip.receive(Transport::Udp);
    assert_eq!(message.header("Subject"), Some("café & bar"));
    assert_eq!(message.body(), "1+1\r\n今".as_bytes());
    assert_eq!(message.uri("To"), Some(ALICE));
}

#[test]
fn unknown_verb_is_a_usage_error() {
    let folder = folder(CONFIGURATION);
    let output = rialto(&folder.path().join("rialto.toml"), &["serve"]);
    assert_eq!(output.status.code(), Some(USAGE));
}

fn rialto(file: &Path, arguments: &[&str]) -> Output {
    let plugins = format!(
        "gateway.plugin_dirs=[{:?}]",
        gateway::plugins().display().to_string()
    );
    Command::new(gateway::binary())
        .arg("--config")
        .arg(file)
        .args(["--set", &plugins])
        .args(arguments)
        .output()
        .unwrap()
}

fn folder(configuration: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rialto.toml"), configuration).unwrap();
    folder
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("examples/config")
        .join(name)
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

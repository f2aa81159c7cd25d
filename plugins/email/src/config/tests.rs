use rialto_sdk::serde_json::{self, Value, json};

use super::*;

fn parse(table: Value) -> Result<Config, String> {
    serde_json::from_value(table).map_err(|error| error.to_string())
}

fn least() -> Value {
    json!({"hostname": "gw.example", "listen": ["smtp:127.0.0.1:25"], "domains": ["sip.example"]})
}

#[test]
fn three_keys_are_enough_to_take_mail_and_one_to_send() {
    let config = parse(least()).unwrap();
    assert_eq!(config.postmaster().as_str(), "im:postmaster@sip.example");
    assert_eq!(config.limits().message(), 50 * 1024 * 1024);
    assert_eq!(config.authentication().mode, AuthenticationMode::Enforce);
    assert_eq!(config.outgoing().tls, OutgoingTls::Opportunistic);
    let config = parse(json!({"hostname": "gw.example"})).unwrap();
    assert_eq!(config.postmaster().as_str(), "im:postmaster@gw.example");
}

#[test]
fn value_that_cannot_be_used_is_named() {
    for (key, value, named) in [
        ("hostname", json!("localhost"), "`hostname`"),
        ("domains", json!(["a b"]), "`domains`"),
        ("domains", json!([]), "`domains` is empty"),
        ("listen", json!(["127.0.0.1:25"]), "smtp:0.0.0.0:25"),
        ("listen", json!(["udp:127.0.0.1:25"]), "`udp:127.0.0.1:25`"),
        ("trusted", json!(["mail.example"]), "`mail.example`"),
        ("relays", json!(["192.0.2.0/33"]), "`192.0.2.0/33`"),
        ("postmaster", json!("alice"), "`postmaster`"),
        ("limits", json!({"sessions": 0}), "`limits`"),
        ("limits", json!({"idle": "0s"}), "`limits`"),
        ("limits", json!({"mesage": "1MiB"}), "`mesage`"),
        ("outgoing", json!({"queue": 0}), "`outgoing`"),
        (
            "outgoing",
            json!({"smart_host": "mail.example"}),
            "`mail.example`",
        ),
        ("outgoing", json!({"username": "x"}), "`outgoing.username`"),
        ("authentication", json!({"mode": "maybe"}), "`maybe`"),
        (
            "content",
            json!([{"domains": ["localhost"]}]),
            "`localhost`",
        ),
        ("content", json!([{"body": "all"}]), "`all`"),
        ("tls", json!({"certificate": "a.pem"}), "`key`"),
        ("lisen", json!([]), "`lisen`"),
    ] {
        let mut table = least();
        table[key] = value;
        let error = parse(table).unwrap_err();
        assert!(error.contains(named), "{key}: {error}");
    }
}

#[test]
fn password_is_never_shown_and_said_only_to_a_server_that_is_who_it_says() {
    let with = |tls: &str| {
        let mut table = least();
        table["outgoing"] = json!({
            "smart_host": "mail.example:587", "username": "rialto", "password": "hunter2", "tls": tls,
        });
        parse(table)
    };
    for tls in ["off", "opportunistic", "required"] {
        assert!(with(tls).unwrap_err().contains("`outgoing.tls`"), "{tls}");
    }
    let config = with("verified").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(config.outgoing().plain().unwrap(), "AHJpYWx0bwBodW50ZXIy");
}

#[test]
fn first_content_rule_that_fits_counts() {
    let mut table = least();
    table["content"] = json!([
        {"domains": ["sip.example"], "body": "entity"},
        {"attachments": "mention"},
        {"domains": ["xmpp.example"], "body": "entity"},
    ]);
    let config = parse(table).unwrap();
    let rule = |uri| {
        config
            .content()
            .rule_for(&InstantInbox::parse(uri).unwrap())
    };
    assert_eq!(rule("im:a@sip.example").body, BodyRule::Entity);
    let rest = rule("im:a@xmpp.example");
    assert_eq!(
        (rest.body, rest.attachments),
        (BodyRule::Text, AttachmentRule::Mention)
    );
}

/// The reference for operators has every section, and what it says is understood.
#[test]
fn reference_of_all_keys_is_a_configuration() {
    let text = include_str!("../../../../examples/config/full.toml");
    let reference: toml::Table = text.parse().unwrap();
    let section = &reference["adapters"]["email"]["config"];
    let section = serde_json::to_value(section).unwrap();
    let config = parse(section).unwrap();
    assert!(config.tls().is_some() && config.dkim().is_some());
    assert_eq!(config.outgoing().connections, 8);
}

//! The example configurations are TOML, also after a key has been commented in.

use std::{fs, io, path::Path};

use toml::Table;

fn example(name: &str) -> io::Result<String> {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../config")
            .join(name),
    )
}

#[test]
fn start_to_copy_routes_to_adapters_that_it_has() {
    for name in ["sip-xmpp.toml", "email.toml"] {
        let config = example(name).unwrap().parse::<Table>().unwrap();
        let adapters = config["adapters"].as_table().unwrap();
        let routes = config["routes"].as_array().unwrap();
        assert_eq!(routes.len(), adapters.len(), "{name}");
        for route in routes {
            assert!(
                adapters.contains_key(route["adapter"].as_str().unwrap()),
                "{route}"
            );
        }
    }
}

#[test]
fn full_reference_is_toml_with_its_optional_keys_commented_in() {
    let text = example("full.toml").unwrap();
    let is_key = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| !key.contains(' '))
    };
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| is_key(rest))
                .unwrap_or(line)
        })
        .collect();
    let before: Table = text.parse().unwrap();
    let after: Table = uncommented.join("\n").parse().unwrap();
    assert_eq!(
        after["gateway"].as_table().unwrap().len(),
        before["gateway"].as_table().unwrap().len() + 1
    );
    assert!(
        after["adapters"]["sip"]["config"]
            .get("advertise")
            .is_some()
    );
}

#[test]
fn full_reference_has_a_comment_for_each_key() {
    for line in example("full.toml")
        .unwrap()
        .lines()
        .filter(|line| line.contains(" = "))
    {
        let repeated = line.starts_with("domain = \"sip.example\"") || line == "adapter = \"sip\"";
        assert!(
            repeated || line.contains(" # ") || line.starts_with('#'),
            "{line}"
        );
    }
}

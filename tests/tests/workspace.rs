//! What holds for the whole tree: who depends on whom, licences, where `unsafe` may stand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(clippy::string_slice, reason = "at places that were just found")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

#[test]
fn core_and_plugins_never_depend_on_each_other() {
    for (name, package) in workspace_packages() {
        let depends_on = dependencies(&package);
        let forbidden = match folder(&package) {
            "core" => "plugins",
            "plugins" => "core",
            "sdk" => {
                let outward = depends_on
                    .iter()
                    .find(|d| ["core", "plugins"].contains(&folder_of(d)));
                assert_eq!(
                    outward, None,
                    "{name} is of the sdk, which depends on neither side"
                );
                continue;
            }
            _ => continue,
        };
        let wrong: Vec<_> = depends_on
            .iter()
            .filter(|d| folder_of(d) == forbidden)
            .collect();
        assert!(wrong.is_empty(), "{name} depends on {wrong:?}");
    }
}

#[test]
fn plugins_never_depend_on_each_other() {
    for (name, package) in workspace_packages() {
        let Some(own) = plugin_folder(&package) else {
            continue;
        };
        for other in dependencies(&package) {
            let other_package = &workspace_packages()[&other];
            let foreign = plugin_folder(other_package).filter(|folder| *folder != own);
            assert_eq!(foreign, None, "{name} depends on {other}");
        }
    }
}

#[test]
fn codecs_know_neither_the_sdk_nor_a_runtime() {
    for (name, package) in workspace_packages() {
        if !name.ends_with("-codec") {
            continue;
        }
        let all: BTreeSet<_> = normal_dependencies(&package).collect();
        for forbidden in ["rialto-sdk", "rialto-model", "tokio"] {
            assert!(!all.contains(forbidden), "{name} depends on {forbidden}");
        }
    }
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    let deny: toml::Table = deny.parse().unwrap();
    let licenses = &deny["licenses"];
    let allowed = texts(&licenses["allow"]);
    let mut exceptions = BTreeMap::new();
    for exception in licenses["exceptions"].as_array().unwrap() {
        exceptions.insert(
            exception["name"].as_str().unwrap(),
            texts(&exception["allow"]),
        );
    }
    for package in metadata(&[])["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let expression = package["license"]
            .as_str()
            .unwrap_or("none")
            .replace('/', " OR ");
        let exception = exceptions.get(name);
        let permitted = |licence: &str| {
            allowed.contains(licence) || exception.is_some_and(|e| e.contains(licence))
        };
        assert!(
            is_satisfied(&expression, &permitted),
            "{name} is under {expression}"
        );
    }
}

#[test]
fn plugins_to_copy_are_short_and_need_the_sdk_or_the_header_alone() {
    let read = |file: &str| fs::read_to_string(root().join("examples").join(file)).unwrap();
    assert!(read("echo-plugin/src/lib.rs").lines().count() <= 60);
    let manifest: toml::Table = read("echo-plugin/Cargo.toml").parse().unwrap();
    for (kind, only) in [
        ("dependencies", "rialto-sdk"),
        ("dev-dependencies", "rialto-testkit"),
    ] {
        let needed: Vec<_> = manifest[kind].as_table().unwrap().keys().collect();
        assert_eq!(needed, [only], "{kind}");
    }
    let c = read("echo-plugin-c/echo.c");
    assert!(c.lines().count() < 120);
    let ours: Vec<_> = c
        .lines()
        .filter(|line| line.starts_with("#include \""))
        .collect();
    assert_eq!(ours, ["#include \"rialto.h\""]);
}

#[test]
fn unsafe_code_stands_in_the_boundary_and_the_loader_only() {
    const PERMITTED: [&str; 6] = [
        "sdk/abi/",
        "sdk/bridge/",
        "sdk/src/",
        "core/loader/",
        "examples/faulty-plugin/",
        "tests/fuzz/targets/operation.rs", // what the bridge is lent
    ];
    for file in sources() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let block = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            ["{", "fn", "impl", "extern"]
                .iter()
                .any(|what| code.contains(&["unsafe", what].join(" ")))
        });
        let permitted = PERMITTED.iter().any(|folder| file.starts_with(folder));
        assert!(!block || permitted, "{file} has unsafe code");
    }
}

#[test]
fn nothing_is_left_to_be_done_in_the_sources() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    for file in sources() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        for mark in marks {
            assert!(!text.contains(mark), "{file} has {mark}");
        }
    }
}

#[test]
fn readme_of_the_tests_names_each_file_of_tests() {
    let readme = fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (index, _) = readme.split_once("<!-- requirements -->").unwrap();
    for file in sources() {
        let Some(path) = file.strip_prefix("tests/tests/") else {
            continue;
        };
        // A binary of several files is a folder.
        let name = path.split('/').next().unwrap_or_default();
        let is_named =
            index.contains(&format!("`{name}`")) || index.contains(&format!("`tests/{name}`"));
        assert!(
            is_named,
            "tests/README.md does not say what {name} is about"
        );
    }
}

#[test]
fn sources_and_links_that_documents_name_exist() {
    let files = tracked("*");
    let names_a_file = |word: &&str| {
        let is_plain = word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
        is_plain && [".rs", ".sh", ".h"].iter().any(|end| word.ends_with(end))
    };
    let is_a_path =
        |link: &str| link.contains('.') && !["://", "::"].iter().any(|other| link.contains(other));
    for document in tracked("*.md") {
        let text = fs::read_to_string(root().join(&document)).unwrap();
        for name in text.split('`').filter(names_a_file) {
            let end = format!("/{name}");
            let exists = files
                .iter()
                .any(|file| file == name || file.ends_with(&end));
            assert!(exists, "{document} names {name}");
        }
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| is_a_path(link)) {
            let path = link.split('#').next().unwrap_or_default();
            let target = root().join(&document).with_file_name(path);
            assert!(target.exists(), "{document} leads to {link}");
        }
    }
}

#[test]
fn architecture_names_only_crates_that_exist() {
    let known: BTreeSet<_> = workspace_packages().into_keys().collect();
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let named = text.split('`').filter(|word| {
        word.starts_with("rialto-") && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    });
    for name in named {
        assert!(known.contains(name), "ARCHITECTURE.md names {name}");
    }
}

#[test]
fn architecture_says_of_each_library_why_it_was_chosen() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, libraries) = architecture.split_once("## Libraries, and why").unwrap();
    let named: BTreeSet<_> = libraries
        .split('`')
        .map(|word| word.split("::").next().unwrap_or_default())
        .collect();
    let ours = workspace_packages();
    for (name, package) in &ours {
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency = dependency["name"].as_str().unwrap();
            let is_known = ours.contains_key(dependency) || named.contains(dependency);
            assert!(
                is_known,
                "{name} depends on {dependency}, and ARCHITECTURE.md is silent"
            );
        }
    }
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_crate() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let declared = manifest["workspace"]["dependencies"].as_table().unwrap();
    let packages = workspace_packages();
    let used: BTreeSet<_> = packages
        .values()
        .flat_map(|package| package["dependencies"].as_array().unwrap())
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect();
    let unused: Vec<_> = declared
        .keys()
        .filter(|name| !used.contains(name.as_str()))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// Evaluates an SPDX expression of `AND`, `OR` and brackets.
fn is_satisfied(expression: &str, permitted: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.trim();
    if let Some((left, right)) = split_outside_brackets(expression, " AND ") {
        return is_satisfied(left, permitted) && is_satisfied(right, permitted);
    }
    if let Some((left, right)) = split_outside_brackets(expression, " OR ") {
        return is_satisfied(left, permitted) || is_satisfied(right, permitted);
    }
    match expression
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    {
        Some(inner) => is_satisfied(inner, permitted),
        None => permitted(expression),
    }
}

fn split_outside_brackets<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(word).find_map(|(at, _)| {
        let left = &text[..at];
        let depth = left.matches('(').count() - left.matches(')').count();
        (depth == 0).then(|| (left, &text[at + word.len()..]))
    })
}

fn texts(list: &toml::Value) -> BTreeSet<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Fetches what this machine has not built, for other systems: its licence counts too.
fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn workspace_packages() -> BTreeMap<String, Value> {
    let packages = metadata(&["--no-deps"])["packages"]
        .as_array()
        .unwrap()
        .clone();
    packages
        .into_iter()
        .map(|p| (p["name"].as_str().unwrap().to_owned(), p))
        .collect()
}

/// The packages of this workspace that it depends on, tests aside.
fn dependencies(package: &Value) -> Vec<String> {
    let known = workspace_packages();
    normal_dependencies(package)
        .filter(|name| known.contains_key(*name))
        .map(str::to_owned)
        .collect()
}

fn normal_dependencies(package: &Value) -> impl Iterator<Item = &str> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|d| d["kind"].is_null())
        .map(|d| d["name"].as_str().unwrap())
}

fn relative(package: &Value) -> &str {
    let manifest = package["manifest_path"].as_str().unwrap();
    manifest
        .strip_prefix(root().to_str().unwrap())
        .unwrap()
        .trim_start_matches('/')
}

fn folder(package: &Value) -> &str {
    relative(package).split('/').next().unwrap()
}

fn folder_of(name: &str) -> &'static str {
    match folder(&workspace_packages()[name]) {
        "core" => "core",
        "plugins" => "plugins",
        "sdk" => "sdk",
        _ => "other",
    }
}

fn plugin_folder(package: &Value) -> Option<&str> {
    relative(package)
        .strip_prefix("plugins/")?
        .split('/')
        .next()
}

/// The Rust files that git knows.
fn sources() -> Vec<String> {
    let files = tracked("*.rs");
    assert!(files.len() > 20, "git knows the sources");
    files
}

/// The files that git knows, by a pattern.
fn tracked(pattern: &str) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", pattern])
        .current_dir(root())
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    let files = files.lines().filter(|file| root().join(file).exists());
    files.map(str::to_owned).collect()
}

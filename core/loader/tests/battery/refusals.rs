//! What is refused, each with one line that says what is wrong and what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::*;
use rialto_loader::{ClaimTable, Library};

/// What the refusal says, without the path.
fn refused(library: &Path) -> String {
    let error = declared("one", library.to_owned(), "{}")
        .load(&ClaimTable::new())
        .expect_err("refused");
    let words = error.to_string();
    assert!(!words.contains('\n'), "one line: {words}");
    assert!(words.len() < 600, "readable: {words}");
    let path = library
        .canonicalize()
        .unwrap_or_else(|_| library.to_owned());
    match words.strip_prefix(&format!("{}: ", path.display())) {
        Some(words) => words.to_owned(),
        None => panic!("names its library: {words}"),
    }
}

fn scratch(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn missing_file_is_refused() {
    let words = refused(Path::new("/nonexistent/libx.so"));
    assert_eq!(
        words,
        "cannot be read (No such file or directory (os error 2)); check the path and its permissions"
    );
}

#[test]
fn folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refused(folder.path()).starts_with("cannot be read (not a file)"));
}

#[test]
fn file_that_is_no_library_is_refused() {
    let long = "no library at all, but long enough to hold a header of one. ".repeat(3);
    let (_folder, path) = scratch("libtext.so", long.as_bytes());
    assert_eq!(
        refused(&path),
        "not a complete shared library (it is not a 64-bit little-endian ELF file); copy or build it again"
    );
    let (_folder, path) = scratch("libempty.so", b"");
    assert!(refused(&path).contains("(it has 0 bytes only)"));
    let program = std::env::current_exe().unwrap();
    assert!(Library::open(&program).is_err(), "a program is no plugin");
}

#[test]
fn truncated_library_is_refused_at_every_length() {
    let whole = fs::read(echo_plugin()).unwrap();
    let (folder, stripped) = scratch("libstripped.so", &whole);
    assert!(
        Command::new("strip")
            .arg(&stripped)
            .status()
            .unwrap()
            .success()
    );
    let stripped = fs::read(stripped).unwrap();
    for whole in [whole, stripped] {
        let ends = (1..100).map(|percent| whole.len() * percent / 100);
        for end in ends.chain([1, 63, 64, 65, 200, whole.len() - 1]) {
            let path = folder.path().join(format!("lib{end}of{}.so", whole.len()));
            fs::write(&path, &whole[..end]).unwrap();
            assert!(refused(&path).starts_with("not a complete shared library ("));
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn library_without_a_plugin_is_refused() {
    let library = rust_library(
        "no_plugin",
        "#[unsafe(no_mangle)] pub extern \"C\" fn f() {}",
    );
    let words = refused(&library);
    assert!(
        words.starts_with("a library, but not a plugin ("),
        "{words}"
    );
    assert!(words.contains("undefined symbol: RIALTO_PLUGIN"), "{words}");
    let code = "#[unsafe(no_mangle)] pub static RIALTO_PLUGIN: [u64; 64] = [7; 64];";
    assert!(refused(&rust_library("other_mark", code)).contains("another mark"));
}

#[test]
fn library_that_lacks_a_library_is_refused() {
    let code = "unsafe extern \"C\" { fn nowhere_to_be_found(); }
        #[unsafe(no_mangle)] pub extern \"C\" fn f() { unsafe { nowhere_to_be_found() } }";
    let words = refused(&rust_library("lacks_symbol", code));
    assert!(
        words.contains("undefined symbol: nowhere_to_be_found"),
        "{words}"
    );
}

#[test]
fn plugin_of_another_contract_is_refused() {
    let library = c_plugin("contract_2", "#define CONTRACT 2");
    assert_eq!(
        refused(&library),
        "the plugin speaks contract 2, this gateway 1; build it with this gateway's SDK"
    );
}

#[test]
fn plugin_with_an_incomplete_table_is_refused() {
    let words = refused(&c_plugin("short_table", "#define SIZE 100"));
    assert!(
        words.starts_with("the plugin's table lacks its last fields;"),
        "{words}"
    );
    let words = refused(&c_plugin("no_deliver", "#define DELIVER 0"));
    assert!(
        words.starts_with("the plugin's table lacks the function `deliver`;"),
        "{words}"
    );
}

const OTHER_FIELDS: &str = r#"#include "rialto.h"
static const RialtoField fields[] = {
    { RIALTO_TEXT("Operation"), RIALTO_TEXT("size"), 0, 4 },
    { RIALTO_TEXT("Operation"), RIALTO_TEXT("kind"), 4, 4 },
    { RIALTO_TEXT("Operation"), RIALTO_TEXT("inserted"), 8, 8 },
};
#define LAYOUT fields
#define LAYOUT_LEN 3"#;

#[test]
fn plugin_with_other_layouts_is_refused_by_the_first_difference() {
    assert_eq!(
        refused(&c_plugin("other_fields", OTHER_FIELDS)),
        "built with other data layouts (the plugin has Operation.inserted at bytes 8 to 16, the gateway \
         Operation.deadline_ms at bytes 8 to 16); build it with this gateway's SDK"
    );
}

#[test]
fn plugin_with_a_senseless_list_of_fields_is_refused() {
    for (name, field, why) in [
        (
            "broken_name",
            r#"RIALTO_TEXT("Oper\nation"), RIALTO_TEXT("x")"#,
            "it lists a field without a name",
        ),
        (
            "endless_name",
            r#"{ (const uint8_t *)"x", SIZE_MAX }, RIALTO_TEXT("x")"#,
            "a struct's name has a length of 18446744073709551615",
        ),
    ] {
        let code = format!(
            "#include \"rialto.h\"
            static const RialtoField fields[] = {{ {{ {field}, 0, 4 }} }};
            #define LAYOUT fields
            #define LAYOUT_LEN 1"
        );
        let words = refused(&c_plugin(name, &code));
        let begins = format!("built with other data layouts ({why}");
        assert!(words.starts_with(&begins), "{words}");
    }
    let code = "#include \"rialto.h\"
        static const RialtoField fields[2];
        #define LAYOUT (const RialtoField *)((const char *)fields + 1)
        #define LAYOUT_LEN 1";
    let words = refused(&c_plugin("odd_fields", code));
    assert!(
        words.contains("its list of fields lies at an odd address"),
        "{words}"
    );
}

#[test]
fn rust_plugin_with_equal_fields_and_another_signature_is_refused() {
    assert_eq!(
        refused(&other_layout_plugin()),
        "built with other data layouts (plugin.cancel.param_1: mismatched type Expected: u64 Found: u32); build it \
         with this gateway's SDK"
    );
}

#[tokio::test]
async fn plugin_that_has_grown_at_the_end_works() {
    let grown = OTHER_FIELDS.replace("\"inserted\"), 8", "\"priority\"), 4096");
    let gateway = Recorder::new();
    let adapter = started(c_plugin("grown", &grown), "{}", &gateway).await;
    assert!(delivered(&adapter, "x").await.is_success());
}

#[test]
fn plugin_with_a_senseless_manifest_is_refused() {
    let words = refused(&c_plugin(
        "bad_scheme",
        "#define SCHEMES \"sip,not a scheme\"",
    ));
    assert!(
        words.contains("(`not a scheme` is no URI scheme)"),
        "{words}"
    );
    let words = refused(&c_plugin(
        "bad_lookup",
        "#define LOOKUPS \"srv _c._tcp,mx 0\"",
    ));
    assert!(
        words.contains("(`mx 0` is no lookup that this gateway knows)"),
        "{words}"
    );
    let words = refused(&c_plugin("no_service", "#define SERVICES 0"));
    assert!(
        words.contains("(it offers no service that this gateway knows)"),
        "{words}"
    );
}

#[test]
fn schema_and_capabilities_of_a_plugin_in_c_are_in_its_manifest() {
    let schema = r#"{\"type\": \"object\", \"additionalProperties\": false}"#;
    let defines = format!(
        "#define SCHEMA \"{schema}\"\n#define CAPABILITIES \"content text/*,limit content 99\""
    );
    let plugin = c_plugin("describes", &defines);
    let loaded = declared("one", plugin.clone(), "{}")
        .load(&ClaimTable::new())
        .unwrap();
    let capabilities = loaded.manifest().capabilities().iter();
    let capabilities: Vec<_> = capabilities.map(ToString::to_string).collect();
    assert_eq!(capabilities, ["content text/*", "limit content 99"]);
    assert!(loaded.manifest().config_schema().is_some());
    let refused = declared("one", plugin, r#"{"a": 1}"#).load(&ClaimTable::new());
    let words = refused
        .expect_err("has no `claims`, but a schema")
        .to_string();
    assert!(words.contains("a: unknown key"), "{words}");
}

#[test]
fn schema_or_capability_that_is_none_is_a_wrong_manifest() {
    let schema = refused(&c_plugin("no-schema", "#define SCHEMA \"{\""));
    assert!(
        schema.contains("the schema of its configuration is no JSON"),
        "{schema}"
    );
    let capability = refused(&c_plugin(
        "no-capability",
        "#define CAPABILITIES \"content\"",
    ));
    assert!(
        capability.contains("`content` is no capability"),
        "{capability}"
    );
}

/// A constructor, which runs while the library is opened.
fn constructor(name: &str, body: &str) -> PathBuf {
    let code = format!(
        "#[used] #[unsafe(link_section = \".init_array\")] static AT_LOAD: extern \"C\" fn() = at_load;
         extern \"C\" fn at_load() {{ {body} }}"
    );
    rust_library(name, &code)
}

#[test]
fn library_that_panics_while_it_is_opened_is_refused_with_its_words() {
    let words = refused(&constructor("panics", "panic!(\"a bug at load\")"));
    assert!(
        words.starts_with("opening the library fails (the process dies of SIGABRT: "),
        "{words}"
    );
    assert!(words.contains("a bug at load"), "{words}");
}

#[test]
fn library_whose_constructor_hangs_is_refused_even_if_it_goes_on_talking() {
    let quiet = "extern crate std; unsafe extern \"C\" { fn close(fd: i32) -> i32; }";
    for (name, body) in [
        (
            "talks_for_ever",
            "loop { eprintln!(\"busy\"); std::thread::sleep(std::time::Duration::from_millis(100)); }"
                .to_owned(),
        ),
        (
            "hangs_in_silence",
            format!("{quiet} unsafe {{ close(2); }} loop {{ std::thread::park(); }}"),
        ),
    ] {
        let words = refused(&constructor(name, &body));
        assert!(
            words.starts_with("opening the library fails (not done after 10s"),
            "{words}"
        );
    }
}

#[test]
fn library_that_ends_the_process_while_it_is_opened_is_refused() {
    let words = refused(&constructor("exits", "std::process::exit(3)"));
    assert!(words.contains("ends the process with code 3"), "{words}");
    let body = "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) }";
    let words = refused(&constructor("crashes", body));
    assert!(words.contains("dies of SIG"), "{words}");
}

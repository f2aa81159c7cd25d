//! Golden messages, blessed and compared.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rialto_testkit::golden;

/// Where the child finds its goldens; their path is taken as it is, since it is absolute.
const FOLDER: &str = "TESTKIT_FOLDER";

#[test]
#[ignore = "is started by the others, with a folder of theirs"]
fn translation_into_capitals() {
    let folder = PathBuf::from(env::var_os(FOLDER).unwrap());
    golden::folder(folder, |input| input.to_ascii_uppercase());
}

fn translated(folder: &Path, bless: &str) -> Output {
    Command::new(env::current_exe().unwrap())
        .args([
            "translation_into_capitals",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .env("RIALTO_BLESS", bless)
        .output()
        .unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn what_comes_out_is_blessed_byte_for_byte_and_compared_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("hello.in", b"hello\r\nworld\xff");
    write("other.in", b"other\n");

    let unknown = translated(folder.path(), "");
    assert!(!unknown.status.success(), "nothing was blessed");
    assert!(words(&unknown).contains("2 differ"), "{}", words(&unknown));

    assert!(translated(folder.path(), "1").status.success());
    let blessed = fs::read(folder.path().join("hello.out")).unwrap();
    assert_eq!(blessed, b"HELLO\r\nWORLD\xff");
    assert!(translated(folder.path(), "").status.success());

    write("hello.in", b"hello\nworld\xff");
    let differs = translated(folder.path(), "0");
    assert!(!differs.status.success());
    let said = words(&differs);
    assert!(said.contains("- HELLO\\r\n+ HELLO\n  WORLD\\xff"), "{said}");
    assert!(said.contains("1 differ; RIALTO_BLESS=1"), "{said}");
}

#[test]
fn folder_without_goldens_is_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let output = translated(folder.path(), "1");
    assert!(!output.status.success());
    assert!(words(&output).contains("no file ends with .in"));
}

#[test]
fn single_file_is_compared_beside_the_crate() {
    golden::same("tests/goldens.rs", include_bytes!("goldens.rs"));
}

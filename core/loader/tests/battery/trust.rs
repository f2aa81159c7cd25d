//! What may be loaded: checked in the bytes that are loaded, wherever that is done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::*;
use nix::unistd::geteuid;
use rialto_loader::{ClaimTable, Digest, LoadError, Loaded, Trust, TrustedKey};
use ring::signature::{Ed25519KeyPair, KeyPair};
use tempfile::TempDir;

/// A plugin in a folder of its own.
fn plugin() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libplugin.so");
    fs::copy(c_plugin("trusted", ""), &path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

fn load(path: &Path, trust: &Trust) -> Result<Loaded, LoadError> {
    let declared = declared("one", path.to_owned(), "{}");
    declared.trusting(trust.clone()).load(&ClaimTable::new())
}

/// Why it is refused, and that nothing was loaded for that.
fn refused(path: &Path, trust: &Trust) -> String {
    match load(path, trust) {
        Err(LoadError::Untrusted { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

fn add_a_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes.push(0); // behind all segments: as good a library as before
    fs::write(path, bytes).unwrap();
}

fn sign(path: &Path, key: &Ed25519KeyPair) {
    let signature = key.sign(&fs::read(path).unwrap());
    fs::write(path.with_extension("so.sig"), signature.as_ref()).unwrap();
}

fn public(key: &Ed25519KeyPair) -> TrustedKey {
    let hex = |byte: &u8| format!("{byte:02x}");
    let digits: String = key.public_key().as_ref().iter().map(hex).collect();
    format!("ed25519:{digits}").parse().unwrap()
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

#[test]
fn library_whose_digest_is_listed_is_loaded_and_one_byte_more_is_refused() {
    let (_folder, path) = plugin();
    let digest = Digest::of_file(&path).unwrap();
    let trust = Trust::new().with_allowed(vec![digest]);
    let loaded = load(&path, &trust).unwrap();
    assert_eq!(loaded.manifest().protocol(), "c");
    add_a_byte(&path);
    let other = Digest::of_file(&path).unwrap();
    let why = refused(&path, &trust);
    assert!(why.starts_with(&format!("{other} is not among")), "{why}");
    load(&path, &Trust::new().with_allowed(vec![digest, other])).unwrap();
    assert!(refused(&path, &Trust::new().with_allowed(Vec::new())).contains("not among"));
}

#[test]
fn library_is_loaded_only_if_a_trusted_key_has_signed_it_as_it_is() {
    let (_folder, path) = plugin();
    let (ours, theirs) = (key(1), key(2));
    let trust = Trust::new().with_keys(vec![public(&key(3)), public(&ours)]);
    assert!(refused(&path, &trust).contains("cannot be read: No such file"));
    sign(&path, &theirs);
    assert!(refused(&path, &trust).contains("is not a signature of it by a key"));
    sign(&path, &ours);
    load(&path, &trust).unwrap();
    let signature = path.with_extension("so.sig");
    let mut long = fs::read(&signature).unwrap();
    long.push(0);
    fs::write(&signature, long).unwrap();
    assert!(refused(&path, &trust).contains("is not a signature"));
    sign(&path, &ours);
    add_a_byte(&path);
    assert!(refused(&path, &trust).contains("is not a signature"));
}

#[test]
fn library_has_to_be_listed_and_signed_where_both_are_asked_for() {
    let (_folder, path) = plugin();
    let digest = Digest::of_file(&path).unwrap();
    let trust = Trust::new().with_keys(vec![public(&key(1))]);
    let both = trust.clone().with_allowed(vec![digest]);
    assert!(refused(&path, &both).contains("cannot be read"));
    sign(&path, &key(1));
    load(&path, &both).unwrap();
    assert!(refused(&path, &trust.with_allowed(Vec::new())).contains("not among"));
}

#[test]
fn signature_that_openssl_makes_is_taken() {
    let (folder, path) = plugin();
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(folder.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "key.pem"]);
    openssl(&[
        "pkeyutl",
        "-sign",
        "-rawin",
        "-inkey",
        "key.pem",
        "-in",
        "libplugin.so",
        "-out",
        "libplugin.so.sig",
    ]);
    let der = openssl(&["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
    let hex = |byte: &u8| format!("{byte:02x}");
    let digits: String = der[der.len() - 32..].iter().map(hex).collect();
    let key = format!("ed25519:{digits}").parse().unwrap();
    load(&path, &Trust::new().with_keys(vec![key])).unwrap();
}

#[tokio::test]
async fn adapter_that_ran_is_loaded_again_as_it_was_whatever_has_become_of_its_file() {
    let (_folder, path) = plugin();
    let digest = Digest::of_file(&path).unwrap();
    for trust in [Trust::new(), Trust::new().with_allowed(vec![digest])] {
        fs::copy(c_plugin("trusted", ""), &path).unwrap();
        let loaded = load(&path, &trust).unwrap();
        let as_it_was = loaded.manifest().clone();
        let adapter = begun(loaded, &Recorder::new()).await;
        let former = adapter.former("{}".to_owned());
        adapter.stop(SOON).await.unwrap();
        drop(adapter);
        fs::remove_file(&path).unwrap();
        fs::copy(c_plugin("other", "#define SCHEMES \"other\""), &path).unwrap();
        let again = former.load(&ClaimTable::new()).unwrap();
        assert_eq!(*again.manifest(), as_it_was);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn library_that_others_can_change_or_replace_is_refused() {
    let (folder, path) = plugin();
    let trust = Trust::new();
    load(&path, &trust).unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path_in_it = inner.join("libplugin.so");
    fs::copy(&path, &path_in_it).unwrap();
    for (place, mode, what) in [
        (&path_in_it, 0o757, "can be changed by everybody"),
        (&inner, 0o757, "can be changed by everybody"),
        (
            &folder.path().to_owned(),
            0o777,
            "can be changed by everybody",
        ),
    ] {
        fs::set_permissions(place, Permissions::from_mode(mode)).unwrap();
        let why = refused(&path_in_it, &trust);
        let place_and_what = format!("{} {what}", place.display());
        assert!(why.starts_with(&place_and_what), "{why}");
        fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
    }
    // Others may put files beside those of ours, and not touch them.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    load(&path_in_it, &trust).unwrap();
    if geteuid().is_root() {
        chown(&inner, Some(12345), None).unwrap();
        let why = refused(&path_in_it, &trust);
        assert!(
            why.contains("can be changed by its owner, user 12345"),
            "{why}"
        );
        chown(&inner, Some(0), Some(12345)).unwrap();
        load(&path_in_it, &trust).unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o775)).unwrap();
        assert!(refused(&path_in_it, &trust).contains("can be changed by group 12345"));
    }
}

#[test]
fn link_is_followed_to_what_it_leads_to_and_that_is_looked_at() {
    let (folder, path) = plugin();
    let link = folder.path().join("liblink.so");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    load(&link, &Trust::new()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o757)).unwrap();
    assert!(refused(&link, &Trust::new()).contains("libplugin.so can be changed"));
}

#[test]
fn digests_and_keys_are_read_as_they_are_written_and_nothing_else() {
    let digest = Digest::of(b"abc");
    let written = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.to_string(), written); // FIPS 180-4
    assert_eq!(written.parse(), Ok(digest));
    assert_eq!(public(&key(1)).to_string().parse(), Ok(public(&key(1))));
    for wrong in [
        "",
        "sha256:",
        written.trim_start_matches('s'),
        written.trim_end_matches('d'),
        "ed25519:+1",
        &format!("{written}0"),
    ] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
    assert!(written.replace('b', "é").parse::<Digest>().is_err());
    assert!(written.parse::<TrustedKey>().is_err());
}

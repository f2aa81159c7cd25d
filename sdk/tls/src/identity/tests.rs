use std::{io::Write as _, time::Duration};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use tempfile::NamedTempFile;

use super::*;
use crate::authorities;

/// A file with this text.
fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// The files of a certificate that is like this, and of its key.
fn made(change: impl FnOnce(&mut CertificateParams)) -> (NamedTempFile, NamedTempFile) {
    let mut params = CertificateParams::new(vec!["gw.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (file(&certificate.pem()), file(&key.serialize_pem()))
}

/// Some day of this year.
fn year(year: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        (year - 1970) * 31_557_600 + 86_400 * 40,
    ))
}

#[test]
fn certificate_and_key_that_belong_together_are_an_identity_and_others_are_not() {
    let (certificate, key) = made(|_| {});
    assert!(Identity::read(certificate.path(), key.path()).is_ok());
    let (_, other) = made(|_| {});
    let refused = Identity::read(certificate.path(), other.path()).unwrap_err();
    assert!(
        matches!(refused, FileError::NotTogether { .. }),
        "{refused}"
    );
}

#[test]
fn file_that_cannot_be_used_is_named() {
    let (certificate, key) = made(|_| {});
    let missing = Path::new("/nowhere/at/all.pem");
    let empty = file("");
    for (certificate, key, wrong) in [
        (missing, key.path(), missing),
        (certificate.path(), missing, missing),
        (empty.path(), key.path(), empty.path()),
        (certificate.path(), empty.path(), empty.path()),
        (key.path(), key.path(), key.path()),
        (certificate.path(), certificate.path(), certificate.path()),
    ] {
        let refused = Identity::read(certificate, key).unwrap_err().to_string();
        assert!(refused.contains(&*wrong.to_string_lossy()), "{refused}");
    }
    let refused = authorities(empty.path()).unwrap_err();
    assert!(matches!(refused, FileError::NoCertificate { .. }));
}

#[test]
fn certificate_that_others_will_refuse_has_a_flaw() {
    let flaw = |(certificate, key): (NamedTempFile, NamedTempFile), at| {
        Identity::read(certificate.path(), key.path())
            .unwrap()
            .flaw(at)
    };
    assert_eq!(flaw(made(|_| {}), year(2025)), None);
    assert_eq!(flaw(made(|_| {}), year(2019)), Some(Flaw::NotYetValid));
    assert_eq!(flaw(made(|_| {}), year(2031)), Some(Flaw::Expired));
    let for_clients = made(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(flaw(for_clients, year(2025)), Some(Flaw::NotForServers));
}

#[test]
fn identity_shows_nothing_of_its_key() {
    let (certificate, key) = made(|_| {});
    let identity = Identity::read(certificate.path(), key.path()).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity { .. }");
}

//! An authority of a test's own, and those for whom it vouches.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::peers::folder;

/// Makes certificates; all files stand in one folder.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// The files of a certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Both in one, the key first.
    pub both: PathBuf,
}

impl Authority {
    /// Makes its own certificate.
    ///
    /// # Panics
    /// When it cannot.
    pub fn new() -> Self {
        let folder = folder("certificates");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, "Authority");
        let key = made(KeyPair::generate());
        write(
            &folder.path().join("authority.pem"),
            &made(params.self_signed(&key)).pem(),
        );
        Self {
            issuer: Issuer::new(params, key),
            folder,
        }
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate for these DNS names.
    ///
    /// # Panics
    /// When they are no names.
    pub fn certify(&self, names: &[&str]) -> Certificate {
        self.certify_until(names, 2050)
    }

    /// The same, valid until this year begins.
    ///
    /// # Panics
    /// The same.
    pub fn certify_until(&self, names: &[&str], year: i32) -> Certificate {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let stem = format!("{}-{year}", names.join("-").replace('*', "any"));
        let mut params = made(CertificateParams::new(names));
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, "Subject");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = made(KeyPair::generate());
        let certificate = made(params.signed_by(&key, &self.issuer)).pem();
        let key = key.serialize_pem();
        let file = |end: &str, text: &str| {
            let path = self.folder.path().join(format!("{stem}-{end}.pem"));
            write(&path, text);
            path
        };
        Certificate {
            both: file("both", &[&*key, &*certificate].concat()),
            certificate: file("certificate", &certificate),
            key: file("key", &key),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

fn made<T>(made: Result<T, rcgen::Error>) -> T {
    made.unwrap_or_else(|error| panic!("no certificate: {error}"))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{} : {error}", path.display()));
}

//! OpenSSL, which signs, verifies, encrypts and decrypts S/MIME (RFC 8551).

use std::process::Command;

use tempfile::TempDir;

use super::{Entity, filter, folder};
use crate::process::tethered;

/// Someone with a key and a certificate that they made themselves.
#[derive(Debug)]
pub struct Openssl {
    folder: TempDir,
}

impl Openssl {
    /// Makes key and certificate.
    pub fn new() -> Self {
        let openssl = Self {
            folder: folder("openssl"),
        };
        let mut command = openssl.command(&["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
        command.args([
            "-subj",
            "/CN=alice",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ]);
        command.args(["-addext", "extendedKeyUsage=emailProtection"]);
        filter("openssl", command, b"");
        openssl
    }

    /// A MIME entity, signed: `multipart/signed`.
    ///
    /// # Panics
    /// When OpenSSL writes no MIME.
    pub fn sign(&self, entity: &[u8]) -> Entity {
        let mut command = self.command(&["smime", "-sign", "-crlfeol"]);
        command.args(["-signer", "certificate.pem", "-inkey", "key.pem"]);
        let mime = filter("openssl", command, entity);
        let end = mime.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = mime.split_at(end.unwrap_or_else(|| panic!("OpenSSL writes no MIME")));
        let head = String::from_utf8_lossy(head);
        let content_type = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Type: "));
        Entity {
            content_type: content_type.unwrap_or_default().to_owned(),
            body: body.get(4..).unwrap_or_default().to_vec(),
        }
    }

    /// The MIME entity that was signed.
    ///
    /// # Panics
    /// When the signature is not true.
    pub fn verified(&self, signed: &Entity) -> Vec<u8> {
        let command = self.command(&["smime", "-verify", "-CAfile", "certificate.pem"]);
        let head = format!("Content-Type: {}\r\n\r\n", signed.content_type);
        filter(
            "openssl",
            command,
            &[head.as_bytes(), &signed.body].concat(),
        )
    }

    /// A MIME entity, encrypted for the owner of the certificate: `application/pkcs7-mime`, binary.
    pub fn encrypt(&self, entity: &[u8]) -> Entity {
        let mut command = self.command(&["smime", "-encrypt", "-aes256", "-binary"]);
        command.args(["-outform", "DER", "certificate.pem"]);
        Entity {
            content_type: "application/pkcs7-mime; smime-type=enveloped-data".to_owned(),
            body: filter("openssl", command, entity),
        }
    }

    /// The MIME entity that was encrypted.
    ///
    /// # Panics
    /// When it cannot be decrypted.
    pub fn decrypted(&self, encrypted: &Entity) -> Vec<u8> {
        let mut command = self.command(&["smime", "-decrypt", "-binary", "-inform", "DER"]);
        command.args(["-recip", "certificate.pem", "-inkey", "key.pem"]);
        filter("openssl", command, &encrypted.body)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tethered("openssl");
        command.args(arguments).current_dir(self.folder.path());
        command
    }
}

impl Default for Openssl {
    fn default() -> Self {
        Self::new()
    }
}

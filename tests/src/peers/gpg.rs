//! GnuPG, which signs, verifies, encrypts and decrypts OpenPGP (RFC 9580) and its MIME (RFC 3156).

use std::process::Command;

use tempfile::TempDir;

use super::{Entity, entity, filter, folder, write};
use crate::process::tethered;

const OWNER: &str = "alice@sip.example";

/// Someone with a key pair.
#[derive(Debug)]
pub struct Gpg {
    home: TempDir,
}

impl Gpg {
    /// Makes the key pair.
    pub fn new() -> Self {
        let gpg = Self {
            home: folder("gpg"),
        };
        let how = ["future-default", "default", "never"];
        let mut command = gpg.command(&["--quick-generate-key", OWNER]);
        command.args(how);
        filter("gpg", command, b"");
        gpg
    }

    /// A text with its signature below it (RFC 9580 §7).
    pub fn sign_text(&self, text: &str) -> String {
        let command = self.command(&["--armor", "--clear-sign"]);
        printable(filter("gpg", command, text.as_bytes()))
    }

    /// The text above the signature.
    ///
    /// # Panics
    /// When the signature is not true.
    pub fn verified_text(&self, signed: &str) -> String {
        // With an output, gpg writes the text only if the signature is true.
        let command = self.command(&["--output", "-", "--decrypt"]);
        printable(filter("gpg", command, signed.as_bytes()))
    }

    /// A text, encrypted for the owner of the key and written in ASCII.
    pub fn encrypt_text(&self, text: &str) -> String {
        let command = self.command(&["--armor", "--recipient", OWNER, "--encrypt"]);
        printable(filter("gpg", command, text.as_bytes()))
    }

    /// The text that was encrypted.
    ///
    /// # Panics
    /// When it cannot be decrypted.
    pub fn decrypted_text(&self, encrypted: &str) -> String {
        printable(filter(
            "gpg",
            self.command(&["--decrypt"]),
            encrypted.as_bytes(),
        ))
    }

    /// A MIME entity, signed: `multipart/signed` (RFC 3156 §5).
    pub fn sign(&self, signed: &str) -> Entity {
        let command = self.command(&["--armor", "--detach-sign", "--digest-algo", "SHA256"]);
        let signature = printable(filter("gpg", command, signed.as_bytes()));
        let signature = format!("Content-Type: application/pgp-signature\r\n\r\n{signature}");
        let kind = "signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"";
        Entity::multipart(kind, [signed, &signature])
    }

    /// The MIME entity that was signed.
    ///
    /// # Panics
    /// When the signature is not true.
    pub fn verified(&self, multipart: &Entity) -> String {
        let [signed, signature] = multipart.parts();
        let file = self.home.path().join("signature");
        write(&file, entity::content(&signature));
        let mut command = self.command(&["--verify"]);
        command.arg(&file).arg("-");
        filter("gpg", command, signed.as_bytes());
        signed
    }

    /// A MIME entity, encrypted: `multipart/encrypted` (RFC 3156 §4).
    pub fn encrypt(&self, secret: &str) -> Entity {
        let version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
        let encrypted = self.encrypt_text(secret);
        let encrypted = format!("Content-Type: application/octet-stream\r\n\r\n{encrypted}");
        let kind = "encrypted; protocol=\"application/pgp-encrypted\"";
        Entity::multipart(kind, [version, &encrypted])
    }

    /// The MIME entity that was encrypted.
    ///
    /// # Panics
    /// When it cannot be decrypted.
    pub fn decrypted(&self, multipart: &Entity) -> String {
        let [_version, encrypted] = multipart.parts();
        self.decrypted_text(entity::content(&encrypted))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tethered("gpg");
        command
            .args(["--batch", "--quiet", "--trust-model", "always"])
            .args(["--pinentry-mode", "loopback", "--passphrase", ""])
            .args(arguments)
            .env("GNUPGHOME", self.home.path());
        command
    }
}

impl Default for Gpg {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // The agent is no child of ours: gpg has left it behind.
        let mut command = Command::new("gpgconf");
        command
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.home.path());
        let _gone = command.status();
    }
}

fn printable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("gpg writes no text: {error}"))
}

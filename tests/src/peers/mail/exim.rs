//! Exim, from its Debian package, which excludes Postfix's and so is unpacked beside it.

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{MailServer, MailSettings, Mailbox, mail_folder, number_of, open_folder};
use crate::{
    peers::{filled, folder, unpacked, write},
    ports::{Transport, is_listening},
    process::{Process, tethered},
};

/// A running Exim.
#[derive(Debug)]
pub struct Exim {
    _process: Process,
    settings: MailSettings,
    folder: TempDir,
}

impl MailServer for Exim {
    fn start(settings: MailSettings) -> Self {
        let folder = folder("exim");
        let dir = folder.path();
        open_folder(dir);
        // It writes all it writes as its own user.
        let owner = number_of("Debian-exim");
        mail_folder(dir, owner);
        chown(dir, Some(owner), None).unwrap_or_else(|error| panic!("no folder for Exim: {error}"));
        let others = settings.others.join(" : ");
        let mut values = settings.values(dir, &others);
        values.push(("EXIM", program().display().to_string()));
        let values: Vec<_> = values.iter().map(|(name, text)| (*name, &**text)).collect();
        write(&dir.join("exim.conf"), filled("exim/exim.conf", &values));
        Self {
            _process: run(dir, &settings),
            settings,
            folder,
        }
    }

    fn settings(&self) -> &MailSettings {
        &self.settings
    }

    fn mailbox(&self, user: &str) -> Mailbox {
        let dir = self.folder.path();
        Mailbox::new(&dir.join("mail").join(user), &dir.join("mainlog"))
    }
}

impl Exim {
    /// Has it keep what it takes for its own users, until [`release`](Self::release).
    ///
    /// # Panics
    /// When its folder cannot be written.
    pub fn hold(&self) {
        write(&self.folder.path().join("held"), "");
    }

    /// Has it go on; what it has kept comes with the next run of its queue.
    ///
    /// # Panics
    /// When nothing is held.
    pub fn release(&self) {
        let released = std::fs::remove_file(self.folder.path().join("held"));
        released.unwrap_or_else(|error| panic!("not released: {error}"));
    }
}

fn run(dir: &Path, settings: &MailSettings) -> Process {
    let mut command = tethered(&program().display().to_string());
    command
        .args(["-bdf", "-q1s", "-C"])
        .arg(dir.join("exim.conf"));
    let process = Process::spawn("exim", command);
    let port = settings.port.number();
    process.await_state("listener", || is_listening(Transport::Tcp, port));
    process
}

/// The program.
pub(crate) fn program() -> PathBuf {
    unpacked("exim/usr/sbin/exim4")
}

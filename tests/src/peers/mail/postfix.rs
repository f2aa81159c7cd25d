//! Postfix, from its Debian package.

use std::{fs, os::unix::fs::chown, path::Path};

use tempfile::TempDir;

use super::{MailServer, MailSettings, Mailbox, NOBODY, mail_folder, number_of, open_folder};
use crate::{
    peers::{filled, folder, write},
    ports::{Transport, is_listening},
    process::{Process, tethered},
};

/// A running Postfix.
#[derive(Debug)]
pub struct Postfix {
    _process: Process,
    settings: MailSettings,
    folder: TempDir,
}

impl MailServer for Postfix {
    fn start(settings: MailSettings) -> Self {
        let folder = folder("postfix");
        let dir = folder.path();
        open_folder(dir);
        mail_folder(dir, NOBODY);
        let transports: Vec<_> = settings
            .others
            .iter()
            .map(|domain| {
                let gateway = settings.gateway;
                let (host, port) = (gateway.ip(), gateway.port());
                format!("{{ {domain} = lmtp:inet:[{host}]:{port} }}")
            })
            .collect();
        let others = settings.others.join(", ");
        let transports = transports.join(", ");
        let mut values = settings.values(dir, &others);
        values.push(("TRANSPORTS", transports));
        let values: Vec<_> = values.iter().map(|(name, text)| (*name, &**text)).collect();
        for file in ["main.cf", "master.cf"] {
            let text = filled(&format!("postfix/{file}"), &values);
            write(&dir.join("etc").join(file), text);
        }
        prepare(dir);
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
        Mailbox::new(&dir.join("mail").join(user), &dir.join("maillog"))
    }
}

/// The folders that Postfix wants before its master starts.
fn prepare(dir: &Path) {
    for name in ["spool", "data"] {
        fs::create_dir_all(dir.join(name))
            .unwrap_or_else(|error| panic!("no folder for Postfix: {error}"));
    }
    let postfix = number_of("postfix");
    chown(dir.join("data"), Some(postfix), None)
        .unwrap_or_else(|error| panic!("no folder for Postfix: {error}"));
    for file in ["postfix-files", "dynamicmaps.cf"] {
        let found = [Path::new("/etc/postfix"), Path::new("/usr/share/postfix")];
        let found = found.iter().map(|place| place.join(file));
        if let Some(path) = found.into_iter().find(|path| path.exists()) {
            write(
                &dir.join("etc").join(file),
                fs::read(path).unwrap_or_default(),
            );
        }
    }
    let mut command = tethered("postfix");
    command.arg("-c").arg(dir.join("etc")).arg("check");
    let mut check = Process::spawn("postfix check", command);
    if !check.await_exit().success() {
        check.fail("it does not like its configuration");
    }
}

fn run(dir: &Path, settings: &MailSettings) -> Process {
    let mut command = tethered("/usr/lib/postfix/sbin/master");
    command.arg("-c").arg(dir.join("etc")).arg("-d");
    let process = Process::spawn("postfix", command);
    let port = settings.port.number();
    process.await_state("listener", || is_listening(Transport::Tcp, port));
    process
}

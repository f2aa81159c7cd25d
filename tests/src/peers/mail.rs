//! Mail servers and what is common to them: mailboxes, and clients that send.

mod aiosmtpd;
mod exim;
mod mailbox;
mod postfix;
mod swaks;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use crate::ports::Port;

pub use self::{
    aiosmtpd::Aiosmtpd,
    exim::Exim,
    mailbox::{Mailbox, ReadMail},
    postfix::Postfix,
    swaks::{Swaks, raw_mail},
};

/// An address of loopback that no other peer has.
pub const MAIL_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 16));

/// A mail server with users, `bob` and `carol` among them.
pub trait MailServer {
    /// Starts it.
    fn start(settings: MailSettings) -> Self;

    /// What it was started with.
    fn settings(&self) -> &MailSettings;

    /// The mailbox of a user.
    fn mailbox(&self, user: &str) -> Mailbox;

    /// Where it takes mail.
    fn address(&self) -> SocketAddr {
        SocketAddr::new(MAIL_HOST, self.settings().port.number())
    }
}

/// What a mail server needs to know.
#[derive(Debug)]
pub struct MailSettings {
    /// The domain of its users.
    pub domain: String,
    /// Where it takes mail.
    pub port: Port,
    /// Where the gateway takes mail by LMTP.
    pub gateway: SocketAddr,
    /// The domains that it hands to the gateway.
    pub others: Vec<String>,
}

impl MailSettings {
    /// For users of this domain.
    pub fn new(domain: &str, gateway: SocketAddr, others: &[&str]) -> Self {
        Self {
            domain: domain.to_owned(),
            port: Port::take(),
            gateway,
            others: others.iter().map(|&other| other.to_owned()).collect(),
        }
    }

    fn values(&self, folder: &Path, others: &str) -> Vec<(&'static str, String)> {
        vec![
            ("DIR", folder.display().to_string()),
            ("HOST", MAIL_HOST.to_string()),
            ("PORT", self.port.number().to_string()),
            ("DOMAIN", self.domain.clone()),
            ("OTHERS", others.to_owned()),
            ("GATEWAY_HOST", self.gateway.ip().to_string()),
            ("GATEWAY_PORT", self.gateway.port().to_string()),
        ]
    }
}

/// Whether a test with mail servers beside the other peers is to run; prints why when it is not.
///
/// # Panics
/// When a peer is missing and nobody has asked to go without: `tests/install-peers.sh` installs them all.
#[must_use]
pub fn are_wanted() -> bool {
    let exim = exim::program();
    let programs = [
        Path::new("/usr/sbin/postfix"),
        Path::new("/usr/bin/swaks"),
        &exim,
    ];
    super::are_wanted() && super::are_wanted_and_here(&programs)
}

/// The number of `nobody`, who owns the mailboxes.
const NOBODY: u32 = 65_534;

/// Makes the folder of the mailboxes, where this user may write.
fn mail_folder(folder: &Path, owner: u32) -> PathBuf {
    let mail = folder.join("mail");
    let made = std::fs::create_dir_all(&mail)
        .and_then(|()| std::os::unix::fs::chown(&mail, Some(owner), None));
    made.unwrap_or_else(|error| panic!("{} cannot be made: {error}", mail.display()));
    mail
}

/// Lets others than root pass through a folder.
fn open_folder(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, open)
        .unwrap_or_else(|error| panic!("{} cannot be opened: {error}", folder.display()));
}

/// The number of a user.
fn number_of(name: &str) -> u32 {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut users = users.lines().map(|line| line.split(':'));
    let number = users.find_map(|mut user| {
        (user.next() == Some(name)).then(|| user.nth(1).and_then(|number| number.parse().ok()))?
    });
    number.unwrap_or_else(|| panic!("there is no user {name}"))
}

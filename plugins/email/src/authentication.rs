//! Who vouches for a sender: SPF, DKIM and DMARC, by the library `mail-auth` (RFC 7208, RFC 6376, RFC 7489).

use std::{fmt, net::IpAddr, time::Duration};

use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcOutput, DmarcResult, MessageAuthenticator,
    SpfOutput, SpfResult,
    dmarc::{Policy, verify::DmarcParameters},
    spf::verify::SpfParameters,
};
use rialto_email_codec::{Host, Mailbox};
use rialto_sdk::{Error, Result};

use crate::config::{AuthenticationConfig, AuthenticationMode};

/// Asks DNS what the owners of domains say of who may send for them.
pub(crate) struct Authenticator {
    asks: MessageAuthenticator,
    hostname: String,
    mode: AuthenticationMode,
}

/// What is known of who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The owner of the author's domain vouches for it.
    Authentic,
    /// Nobody does.
    Unknown,
    /// The owner wants it refused.
    Reject,
}

/// Signatures of a message that are looked at: each costs a question and a computation.
const MAX_SIGNATURES: usize = 10;

/// How long a name server may take.
const DNS_TIMEOUT: Duration = Duration::from_secs(3);

/// Answers that are remembered.
const DNS_CACHE: u64 = 4096;

impl Authenticator {
    pub(crate) fn new(config: &AuthenticationConfig, hostname: &str) -> Result<Self> {
        Ok(Self {
            asks: resolver(config)?,
            hostname: hostname.to_owned(),
            mode: config.mode,
        })
    }

    /// Whether a host may send for a reverse-path; for the null path, what it calls itself stands in (RFC 7208 §2.4).
    pub(crate) async fn spf(
        &self,
        address: IpAddr,
        greeting: &str,
        reverse_path: Option<&Mailbox>,
    ) -> SpfOutput {
        let address = address.to_canonical();
        match reverse_path {
            Some(mailbox) => {
                let mailbox = mailbox.to_string();
                let parameters =
                    SpfParameters::verify_mail_from(address, greeting, &self.hostname, &mailbox);
                self.asks.verify_spf(parameters).await
            }
            None => {
                let parameters = SpfParameters::verify_ehlo(address, greeting, &self.hostname);
                self.asks.verify_spf(parameters).await
            }
        }
    }

    /// What the owner of the author's domain says of a message.
    pub(crate) async fn judge(
        &self,
        octets: &[u8],
        author: &Mailbox,
        reverse_path: Option<&Mailbox>,
        spf: Option<&SpfOutput>,
    ) -> Verdict {
        let Some(mut message) = AuthenticatedMessage::parse(octets) else {
            return Verdict::Unknown;
        };
        // A signature covers the last one, a reader sees the first (RFC 6376 §8.15); and DMARC asks nobody where From names
        // several domains. Whoever writes that wants a policy not to be found.
        if fields(&message, b"From") != 1 || !is_of_one_domain(&message) {
            return self.rejection();
        }
        message.dkim_headers.truncate(MAX_SIGNATURES);
        let dkim = self.asks.verify_dkim(&message).await;
        let none = SpfOutput::default();
        let spf = spf.unwrap_or(&none);
        let path_domain = reverse_path.map(|path| path.host().to_string());
        let path_domain = path_domain.unwrap_or_default();
        let parameters = DmarcParameters::new(&message, &dkim, &path_domain, spf);
        let dmarc = self.asks.verify_dmarc(parameters).await;
        let domain = author.host();
        // It speaks of the domain of From: nobody else is meant by it, as a Sender elsewhere.
        let is_about_author = domain.to_string().eq_ignore_ascii_case(dmarc.domain());
        if (passes(&dmarc) && is_about_author)
            || (dmarc.dmarc_record().is_none() && dkim.iter().any(|one| is_signed_by(one, domain)))
            || (spf.result() == SpfResult::Pass && domain.to_string() == path_domain)
        {
            return Verdict::Authentic;
        }
        if dmarc.policy() == Policy::Reject && fails(&dmarc) {
            self.rejection()
        } else {
            Verdict::Unknown
        }
    }

    fn rejection(&self) -> Verdict {
        match self.mode {
            AuthenticationMode::Enforce => Verdict::Reject,
            _ => Verdict::Unknown,
        }
    }
}

/// A resolver with the configured name servers, or the system's.
pub(crate) fn resolver(config: &AuthenticationConfig) -> Result<MessageAuthenticator> {
    let unusable = "authentication: there are no name servers to ask; name them in `name_servers`";
    if config.name_servers.is_empty() {
        return MessageAuthenticator::new_system_conf()
            .map_err(|error| Error::config(unusable).with_source(error));
    }
    let servers = config.name_servers.iter().map(|address| {
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        for connection in &mut server.connections {
            connection.port = address.port();
        }
        server
    });
    let servers = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
    let mut options = ResolverOpts::default();
    options.timeout = DNS_TIMEOUT;
    options.attempts = 1;
    options.cache_size = DNS_CACHE;
    MessageAuthenticator::new(servers, options)
        .map_err(|error| Error::config(unusable).with_source(error))
}

fn fields(message: &AuthenticatedMessage<'_>, name: &[u8]) -> usize {
    let names = message.headers.iter().map(|(name, _)| name.trim_ascii());
    names
        .filter(|found| found.eq_ignore_ascii_case(name))
        .count()
}

/// RFC 7489 §6.6.1.
fn is_of_one_domain(message: &AuthenticatedMessage<'_>) -> bool {
    let mut domains = message
        .froms()
        .iter()
        .filter_map(|from| from.rsplit_once('@'))
        .map(|(_, domain)| domain);
    let first = domains.next();
    domains.all(|domain| first.is_some_and(|first| domain.eq_ignore_ascii_case(first)))
}

fn passes(dmarc: &DmarcOutput) -> bool {
    [dmarc.spf_result(), dmarc.dkim_result()].contains(&&DmarcResult::Pass)
}

/// Both ways fail for good: a resolver that does not answer is no reason to refuse.
fn fails(dmarc: &DmarcOutput) -> bool {
    ![dmarc.spf_result(), dmarc.dkim_result()]
        .iter()
        .any(|result| matches!(result, DmarcResult::Pass | DmarcResult::TempError(_)))
}

/// Where there is no policy, a signature of the author's own domain, or of one above it, says as much.
fn is_signed_by(output: &DkimOutput<'_>, author: &Host) -> bool {
    let Host::Domain(author) = author else {
        return false;
    };
    let by = |domain: &str| {
        let rest = author.as_str().strip_suffix(&domain.to_ascii_lowercase());
        domain.contains('.') && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    matches!(output.result(), DkimResult::Pass)
        && output.signature().is_some_and(|signature| by(&signature.d))
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

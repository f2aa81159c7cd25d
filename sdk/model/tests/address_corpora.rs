//! Addresses and domains that other people collected.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are not seen as tests"
)]

mod reference;

use std::{collections::BTreeSet, fs, path::Path};

use rialto_model::{AddressError, Domain, InstantInbox, SourceRoute};

/// What isemail calls valid by its form, apart from comments, folding, obsolete syntax and address literals.
#[test]
fn isemail_corpus_gets_the_verdict_of_its_authors() {
    let Some(folder) = reference::folder() else {
        return;
    };
    let mut seen = 0;
    for file in fs::read_dir(folder.join("corpora/mail/isemail")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let field = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            Some(rest.split_once(&format!("</{name}>"))?.0)
        };
        let address = field("address").unwrap_or_default();
        let address = address
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">");
        let address = (0..32u32).fold(address, |address, code| {
            let control = char::from_u32(code).unwrap();
            address.replace(&format!("&#x24{code:02X};"), &control.to_string())
        });
        let address = address.replace("&amp;", "&");
        let verdict = InstantInbox::parse(&format!(
            "im:{}",
            address.replace('%', "%25").replace('?', "%3F")
        ));
        let category = field("category").unwrap();
        let diagnosis = field("diagnosis").unwrap();
        seen += 1;
        match category {
            "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN"
                if diagnosis != "ISEMAIL_DNSWARN_NO_MX_RECORD" =>
            {
                let taken = verdict.is_ok()
                    || matches!(verdict, Err(AddressError::NotFullyQualified { .. }));
                assert!(taken, "{address}: {verdict:?}");
            }
            "ISEMAIL_ERR" | "ISEMAIL_CFWS" | "ISEMAIL_DEPREC" | "ISEMAIL_RFC5322" => {
                if verdict.is_ok() {
                    println!("taken although {diagnosis}: {address}");
                }
                assert!(
                    verdict.is_err() || tolerated(diagnosis),
                    "{diagnosis}: {address}"
                );
            }
            _ => {}
        }
    }
    assert!(seen > 80, "{seen} files");
}

/// Old forms that mean one thing only, and limits of mail that are not ours.
fn tolerated(diagnosis: &str) -> bool {
    [
        "ISEMAIL_DEPREC_QP",
        "ISEMAIL_RFC5322_TOOLONG",
        "ISEMAIL_RFC5322_LOCAL_TOOLONG",
        "ISEMAIL_RFC5322_LABEL_TOOLONG",
    ]
    .contains(&diagnosis)
}

#[test]
fn cpim_e_2_map_each_mailbox_of_the_mail_corpora_comes_back_from_its_route() {
    let Some(folder) = reference::folder() else {
        return;
    };
    let mut mailboxes = BTreeSet::new();
    collect_mailboxes(&folder.join("corpora/mail"), &mut mailboxes);
    let quoted = mailboxes
        .iter()
        .filter(|inbox| inbox.mailbox().starts_with("%22"));
    assert!(quoted.count() >= 10, "hardly any local part is quoted");
    assert!(mailboxes.len() > 1000, "{} mailboxes", mailboxes.len());

    let relay = Domain::parse("relay.example").unwrap();
    for mailbox in mailboxes {
        let route = SourceRoute::new("email", mailbox);
        let shown = route.to_inbox(&relay).unwrap();
        let again = InstantInbox::parse(shown.as_str()).unwrap();
        assert_eq!(SourceRoute::parse(&again.local_part()), Ok(route));
    }
}

/// Collects what stands around each `@` of all files and is a mailbox.
fn collect_mailboxes(folder: &Path, mailboxes: &mut BTreeSet<InstantInbox>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_mailboxes(&path, mailboxes);
            continue;
        }
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes).replace("&quot;", "\"");
        for line in text.lines() {
            for (at, _) in line.match_indices('@') {
                let (before, after) = line.split_at(at);
                let local = local_before(before);
                let domain = domain_after(after.strip_prefix('@').unwrap());
                let uri = format!("im:{local}@{domain}").replace('%', "%25");
                mailboxes.extend(InstantInbox::parse(&uri).ok());
            }
        }
    }
}

/// The local part that a text ends with, in quotation marks or not.
fn local_before(text: &str) -> &str {
    let quoted = text.strip_suffix('"').and_then(|rest| rest.rfind('"'));
    let ends = |c: char| c.is_whitespace() || "<>()[]:;,\"\\?".contains(c);
    let begin = quoted.unwrap_or_else(|| text.rfind(ends).map_or(0, |at| at + 1));
    text.get(begin..).unwrap_or_default()
}

fn domain_after(text: &str) -> &str {
    let stands = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let domain = text.split(|c| !stands(c)).next().unwrap_or_default();
    domain.trim_end_matches('.')
}

#[test]
fn rfc2779_4_1_6_international_domains_are_those_of_uts_46() {
    let Some(folder) = reference::folder() else {
        return;
    };
    let text = fs::read_to_string(folder.join("corpora/idna/IdnaTestV2.txt")).unwrap();
    let (mut taken, mut refused, mut newer) = (0, 0, 0);
    for line in text.lines() {
        let line = line.split('#').next().unwrap();
        let columns: Vec<&str> = line.split(';').map(str::trim).collect();
        let [
            source,
            to_unicode,
            unicode_status,
            to_ascii,
            ascii_status,
            ..,
        ] = columns[..]
        else {
            continue;
        };
        let source = unescape(source);
        let or = |first: &str, second: &str| {
            if first.is_empty() {
                second.to_owned()
            } else {
                first.to_owned()
            }
        };
        let ascii = unescape(&or(to_ascii, &or(to_unicode, &source)));
        let status = or(ascii_status, unicode_status);
        let verdict = Domain::parse(&source);
        // A4_2 is an empty or long label: here it is the final dot of a name that is whole.
        let sound = ["", "[]"].contains(&&*status) || status == "[A4_2]" && ascii.ends_with('.');
        if let Ok(domain) = &verdict {
            assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(domain));
            if sound {
                assert_eq!(domain.as_str(), ascii.trim_end_matches('.'), "{source}");
                taken += 1;
            } else {
                // Letters that Unicode 15.1 disallowed and 16 maps: the corpus is older than our tables.
                assert_eq!(status, "[V6]", "{source}");
                newer += 1;
            }
        } else {
            refused += 1;
            let own = !ascii.contains('.')
                || ascii
                    .trim_end_matches('.')
                    .rsplit('.')
                    .next()
                    .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
            let own = own || !ascii.trim_end_matches('.').contains('.');
            let std3 = ascii
                .bytes()
                .any(|b| !(b.is_ascii_alphanumeric() || b == b'-' || b == b'.'));
            let valid = ["", "[]"].contains(&&*status) && !own && !std3;
            assert!(!valid, "{source}: {verdict:?}, {ascii}, {status}");
        }
    }
    assert!(newer < 100, "{newer} that 15.1 disallowed");
    assert!(
        taken > 100 && refused > 1000,
        "{taken} taken, {refused} refused"
    );
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u") {
        plain.push_str(before);
        let (digits, more) = after.split_at(4);
        let code = u32::from_str_radix(digits, 16).unwrap();
        plain.push(char::from_u32(code).unwrap_or('\u{fffd}'));
        rest = more;
    }
    plain.push_str(rest);
    plain
}

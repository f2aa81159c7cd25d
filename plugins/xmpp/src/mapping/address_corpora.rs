//! Addresses of other people's stanzas, there and back.

use std::{collections::BTreeSet, fs, path::Path};

use rialto_sdk::model::{ByteString, Domain, SourceRoute};
use rialto_xmpp_codec::{AddressError, Jid};

use super::address::{OwnDomains, destination_inbox, destination_jid, source_inbox};

/// Whoever writes from an address gets the reply at that very address, resource and all.
#[test]
fn cpim_e_2_map_each_jid_of_the_corpora_comes_back_from_its_route() {
    let Some(jids) = jids() else { return };
    let (mut carried, mut with_resource) = (0, 0);
    for jid in &jids {
        let Ok(inbox) = source_inbox(jid) else {
            assert!(names_no_inbox(jid), "{jid}");
            continue;
        };
        let relay = Domain::parse("relay.example").unwrap();
        let shown = SourceRoute::new("xmpp", inbox).to_inbox(&relay).unwrap();
        let route = SourceRoute::parse(&shown.local_part()).unwrap();
        let resource = jid.resource().map(ByteString::from);
        let reply = destination_jid(route.inbox(), resource.as_ref()).unwrap();
        assert_eq!(&reply, jid);
        carried += 1;
        with_resource += usize::from(resource.is_some());
    }
    assert!(
        carried > 200 && with_resource > 100,
        "{carried} of {}, {with_resource} with a resource",
        jids.len()
    );
}

/// The same users, seen on an XMPP network behind the gateway.
#[test]
fn cpim_e_1_each_source_route_of_the_corpora_comes_home_through_a_jid() {
    let Some(jids) = jids() else { return };
    let relay = Domain::parse("relay.example").unwrap();
    let own = OwnDomains::new(relay.clone(), []);
    for inbox in jids.iter().filter_map(|jid| source_inbox(jid).ok()) {
        let shown = SourceRoute::new("sip", inbox).to_inbox(&relay).unwrap();
        let jid = own.source_jid(&shown, None).unwrap();
        let reply = Jid::parse(jid.as_str()).unwrap();
        assert_eq!(destination_inbox(&reply).unwrap(), shown);
    }
}

/// Whether there is no local part, no domain name, or no text that stands for the local part.
fn names_no_inbox(jid: &Jid) -> bool {
    jid.local().is_none()
        || Domain::parse(jid.domain()).is_err()
        || jid.reversible_local_text() == Err(AddressError::NotReversible)
}

fn jids() -> Option<BTreeSet<Jid>> {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("skipped: RIALTO_REFERENCE is not set");
        return None;
    };
    let corpora = Path::new(&reference).join("corpora");
    let mut jids = BTreeSet::new();
    for folder in ["xmpp", "rfc-examples"] {
        collect(&corpora.join(folder), &mut jids);
    }
    Some(jids)
}

/// Collects the JIDs that stand in attributes.
fn collect(folder: &Path, jids: &mut BTreeSet<Jid>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, jids);
            continue;
        }
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for begin in ["from=", "to=", "jid="] {
            for (at, _) in text.match_indices(begin) {
                let rest = text.get(at + begin.len()..).unwrap_or_default();
                let quote = rest.chars().next().unwrap_or_default();
                let value = rest.split(quote).nth(1).unwrap_or_default();
                let value = value
                    .replace("&apos;", "'")
                    .replace("&quot;", "\"")
                    .replace("&amp;", "&");
                jids.extend(Jid::parse(&value).ok());
            }
        }
    }
}

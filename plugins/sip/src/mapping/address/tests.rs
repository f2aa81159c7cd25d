use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use rialto_sdk::model::SourceRoute;

use super::*;

fn read(uri: &str) -> Result<(String, Option<String>), NoInbox> {
    let numbers = Domain::parse("sip.example").unwrap();
    let uri = Uri::parse(uri).unwrap();
    let party = party(uri, Some(&numbers))?;
    Ok((
        party.inbox.to_string(),
        party.instance.map(|instance| instance.to_string()),
    ))
}

#[test]
fn rfc7247_6_4_sip_uris_become_inboxes_and_instances() {
    let im = |uri: &str| read(uri).unwrap();
    assert_eq!(
        im("sip:f%C3%BC@sip.example"),
        ("im:f%C3%BC@sip.example".to_owned(), None)
    );
    assert_eq!(im("sip:o'malley@sip.example").0, "im:o'malley@sip.example");
    assert_eq!(im("sip:foo@sip.example;gr=bar").1.as_deref(), Some("bar"));
    assert_eq!(
        im("sips:foo:secret@SIP.example:5061;transport=tcp").0,
        "im:foo@sip.example"
    );
    assert_eq!(im("im:foo@sip.example").0, "im:foo@sip.example");
}

#[test]
fn temporary_gruu_names_no_instance() {
    assert_eq!(read("sip:foo@sip.example;gr").unwrap().1, None);
}

#[test]
fn uri_that_names_no_inbox_is_refused_with_what_is_wrong() {
    for (uri, wrong) in [
        ("sip:sip.example", "nothing before the `@`"),
        ("sip:a@192.0.2.1", "the domain is an IP address"),
        ("sip:a@[::1]", "the domain is an IP address"),
        (
            "sip:a@localhost",
            "the domain `localhost` is not fully qualified",
        ),
        ("sip:%ff@sip.example", "not UTF-8"),
        ("tel:7042", "no telephone number"),
        ("tel:fred", "no telephone number"),
        ("im:a", "no `@`"),
        ("pres:a@sip.example", "a URI of this scheme"),
    ] {
        let refused = read(uri).unwrap_err().to_string();
        assert!(refused.contains(wrong), "{uri}: {refused}");
    }
}

/// The URI that a reply to the inbox of a URI names.
fn reply_to(uri: &str) -> String {
    written(&InstantInbox::parse(&read(uri).unwrap().0).unwrap())
}

fn written(inbox: &InstantInbox) -> String {
    let mut uri = String::new();
    push_sip_uri(&mut uri, inbox, None);
    uri
}

#[test]
fn cpim_e_1_address_that_is_more_than_user_and_domain_stands_in_the_local_part() {
    for (uri, im) in [
        (
            "sip:+12015550123@sip.example;user=phone",
            "im:+12015550123/user=phone@sip.example",
        ),
        (
            "sip:7042;ext=5;phone-context=example.com@sip.example;user=phone",
            "im:7042/ext=5/phone-context=example.com/user=phone@sip.example",
        ),
        (
            "sip:+1;tsp=a.b@sip.example;user=phone",
            "im:%22+1%3Btsp=a.b/user=phone%22@sip.example",
        ),
        (
            "sip:fred@sip.example;user=ip",
            "im:fred/user=ip@sip.example",
        ),
        (
            "sip:fred;ext=5@sip.example",
            "im:%22fred%3Bext=5%22@sip.example",
        ),
        (
            "sip:7042%3Bext=5@sip.example;user=phone",
            "im:%227042%3Bext=5/user=phone%22@sip.example",
        ),
        (
            "sip:7042;ext=a/ext=b@sip.example;user=phone",
            "im:7042/ext=a%252fext=b/user=phone@sip.example",
        ),
        (
            "sip:fred%20smith@sip.example",
            "im:%22fred%20smith%22@sip.example",
        ),
        (
            "sip:%22fred%22%25@sip.example",
            "im:%22%5C%22fred%5C%22%25%22@sip.example",
        ),
        ("sip:a/user=b@sip.example", "im:a%252fuser=b@sip.example"),
        ("sip:a/b=c@sip.example", "im:a/b=c@sip.example"),
    ] {
        assert_eq!(read(uri).unwrap().0, im, "{uri}");
        assert_eq!(reply_to(uri), uri, "{im}");
    }
}

#[test]
fn rfc3261_19_1_6_number_is_a_sip_uri_at_the_domain_of_numbers() {
    for (tel, sip) in [
        (
            "tel:+1-201-555-0123",
            "sip:+12015550123@sip.example;user=phone",
        ),
        (
            "tel:+1(201)5550123;EXT=2-2",
            "sip:+12015550123;ext=22@sip.example;user=phone",
        ),
        (
            "tel:7042;phone-context=+1-201",
            "sip:7042;phone-context=+1201@sip.example;user=phone",
        ),
        (
            "tel:*21#;phone-context=Example.com",
            "sip:*21%23;phone-context=example.com@sip.example;user=phone",
        ),
        (
            "tel:+358-555-1234567;postd=pp22",
            "sip:+3585551234567;postd=pp22@sip.example;user=phone",
        ),
    ] {
        assert_eq!(reply_to(tel), sip);
        assert_eq!(read(tel), read(sip));
    }
}

#[test]
fn number_is_refused_where_numbers_have_no_domain() {
    let uri = Uri::parse("tel:+12015550123").unwrap();
    assert_eq!(party(uri, None).unwrap_err(), NoInbox::NumberDomain);
}

#[test]
fn rfc3261_19_1_1_what_says_how_to_get_there_is_not_the_address() {
    for uri in [
        "sip:fred@sip.example:5070",
        "sip:fred@sip.example;transport=tcp;lr",
        "sip:fred@sip.example;maddr=192.0.2.1;ttl=1",
        "sip:fred@sip.example;user;newparam=5?subject=x",
        "sips:fred@sip.example",
        "sip:fred:secret@sip.example",
    ] {
        assert_eq!(read(uri).unwrap().0, "im:fred@sip.example", "{uri}");
    }
}

/// All that a reply must name again, of each URI in other people's messages and in the RFCs.
#[test]
fn cpim_e_2_map_each_sip_uri_of_the_corpora_comes_back_from_its_route() {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("skipped: RIALTO_REFERENCE is not set");
        return;
    };
    let corpora = Path::new(&reference).join("corpora");
    let mut uris = BTreeSet::new();
    for folder in ["sip", "rfc-examples"] {
        collect_uris(&corpora.join(folder), &mut uris);
    }
    let relay = Domain::parse("relay.example").unwrap();
    let (mut numbers, mut carried) = (0, 0);
    for text in &uris {
        let Ok((im, _)) = read(text) else {
            assert!(names_no_inbox(text), "{text}");
            continue;
        };
        let route = SourceRoute::new("sip", InstantInbox::parse(&im).unwrap());
        let shown = route.to_inbox(&relay).unwrap();
        let route = SourceRoute::parse(&shown.local_part()).unwrap();
        let reply = written(route.inbox());
        assert_eq!(read(&reply).unwrap().0, im, "{text}");
        if let Ok(Uri::Sip(uri)) = Uri::parse(text) {
            assert_is_of(&reply, &uri);
        }
        numbers += usize::from(im.contains("user=phone"));
        carried += 1;
    }
    assert!(
        carried > 200 && numbers > 5,
        "{carried} with {numbers} numbers of {}",
        uris.len()
    );
}

/// Whether there is no user, or no domain name, or what no address may hold.
fn names_no_inbox(uri: &str) -> bool {
    match Uri::parse(uri).unwrap() {
        Uri::Sip(uri) => {
            let user = uri.user_text();
            user.is_none_or(|user| user.contains(char::is_control))
                || Domain::parse(&uri.host().to_string()).is_err()
        }
        Uri::Tel(uri) => TelephoneSubscriber::parse(uri.rest()).is_err(),
        _ => false,
    }
}

/// Compares the parts that make the address, as RFC 3261 §19.1.4 does.
fn assert_is_of(reply: &str, uri: &SipUri<'_>) {
    let Ok(Uri::Sip(reply)) = Uri::parse(reply) else {
        panic!("{reply} is no SIP URI");
    };
    assert_eq!(reply.user_text(), uri.user_text());
    assert_eq!(reply.param(USER).flatten(), uri.param(USER).flatten());
    let domain = Domain::parse(&uri.host().to_string()).unwrap();
    assert_eq!(reply.host().to_string(), domain.as_str());
    assert_eq!((reply.port(), reply.password()), (None, None));
}

fn collect_uris(folder: &Path, uris: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_uris(&path, uris);
            continue;
        }
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for scheme in ["sip:", "sips:", "tel:"] {
            let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
            let found = text
                .match_indices(scheme)
                .map(|(at, _)| text.split_at(at).1);
            let found = found.filter_map(|rest| rest.split(ends).next());
            uris.extend(
                found
                    .filter(|uri| Uri::parse(uri).is_ok())
                    .map(str::to_owned),
            );
        }
    }
}

/// Texts that are made of what has a meaning in user parts and in the meta-syntax.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/",
        "=",
        ";",
        "%",
        "3B",
        "2f",
        "25",
        "/user=",
        "%2fuser=",
        ";user=",
        "/ext=",
        ";ext=",
        "phone",
        "PHONE",
        "/user=phone",
        ";phone-context=",
        "/isub=",
        "1",
        "+",
        "a",
        "\"",
        " ",
        "ü",
    ]);
    prop::collection::vec(pieces, 1..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cpim_e_1_each_inbox_has_a_uri_of_its_own(local in hostile(), is_number: bool) {
        let local = local + if is_number { "/user=phone" } else { "" };
        let inbox = InstantInbox::new(&local, &Domain::parse("sip.example").unwrap()).unwrap();
        let uri = written(&inbox);
        prop_assert_eq!(read(&uri).unwrap().0, inbox.as_str(), "{}", uri);
    }

    #[test]
    fn cpim_e_1_each_uri_has_an_inbox_of_its_own(
        user in hostile(), kind in prop::option::of("phone|ip|[a-z/;=%]{1,4}")
    ) {
        let kind = kind.map(|kind| format!(";user={}", escaped_parameter(&kind)));
        let user = escape::escape_user(&user);
        let uri = format!("sip:{user}@sip.example{}", kind.unwrap_or_default());
        prop_assert_eq!(reply_to(&uri), uri);
    }

    #[test]
    fn inbox_and_instance_round_trip(local in "[^\\p{Cc}]{1,20}", instance in "\\PC{1,20}") {
        let domain = Domain::parse("sip.example").unwrap();
        let inbox = InstantInbox::new(&local, &domain).unwrap();
        let instance = ByteString::from(instance);
        let mut uri = String::new();
        push_sip_uri(&mut uri, &inbox, Some(&instance));
        let party = party(Uri::parse(&uri).unwrap(), None).unwrap();
        prop_assert_eq!(party.inbox, inbox);
        prop_assert_eq!(party.instance, Some(instance));
    }
}

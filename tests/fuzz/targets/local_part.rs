//! Local parts: text and what it says stand for each other, and a route around them changes neither.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::{Domain, InstantInbox, MetaSyntax, QualifiedUser, SourceRoute};

const SYNTAX: MetaSyntax = MetaSyntax::new(&["isub", "ext", "phone-context", "user"]);
const MAX_DEPTH: usize = 6;

fuzz_target!(|text: &str| {
    text_comes_back(text);
    user_comes_back(text);
    comes_back_from_routes(text);
});

fn text_comes_back(text: &str) {
    let user = SYNTAX.read(text);
    assert_eq!(SYNTAX.write(&user), text);
    assert_eq!(user.user().is_empty(), text.is_empty());
}

/// The lines are the user and what is said of it.
fn user_comes_back(text: &str) {
    let mut lines = text.lines();
    let Some(name) = lines.next().filter(|name| !name.is_empty()) else {
        return;
    };
    let mut next = || lines.next().unwrap_or_default();
    let user = QualifiedUser::new(name)
        .with("user", next())
        .with("ext", next())
        .with("phone-context", next());
    assert_eq!(SYNTAX.read(&SYNTAX.write(&user)), user);
}

fn comes_back_from_routes(text: &str) {
    let domain = Domain::parse("relay.example").expect("it is a domain");
    let Ok(inbox) = InstantInbox::new(text, &domain) else {
        return;
    };
    let mut shown = inbox.clone();
    let mut depth = 0;
    while depth < MAX_DEPTH {
        // One that is too long for another route around it is refused, and never changed.
        let Ok(outer) = SourceRoute::new("sip", shown.clone()).to_inbox(&domain) else {
            break;
        };
        shown = outer;
        depth += 1;
    }
    for _ in 0..depth {
        let route = SourceRoute::parse(&shown.local_part()).expect("a route was written");
        shown = route.into_parts().1;
    }
    assert_eq!(shown, inbox);
}

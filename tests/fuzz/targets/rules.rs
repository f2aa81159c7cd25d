//! Rules and commands as principals write them: what is taken is written, and read again, as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_router::{InboxCommand, PrincipalRules, RulesChange};

fuzz_target!(|text: &str| {
    if let Ok(rules) = text.parse::<PrincipalRules>() {
        assert_eq!(
            rules.to_string().parse::<PrincipalRules>(),
            Ok(rules.clone())
        );
        let replaced = RulesChange::Replaced(rules.clone());
        assert_eq!(PrincipalRules::default().changed(replaced), Ok(rules));
    }
    if let Ok(InboxCommand::Change(change)) = text.parse::<InboxCommand>()
        && let Ok(once) = PrincipalRules::default().changed(change.clone())
    {
        assert_eq!(
            once.changed(change),
            Ok(once),
            "a change that was made changes nothing"
        );
    }
});

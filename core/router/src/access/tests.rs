//! The rules beside a slow reading of them.

use std::slice;

use proptest::{collection::vec, option, prelude::*};
use rialto_model::Authentication;

use super::*;
use crate::AddressPattern;

/// Patterns and inboxes that often meet.
fn pattern() -> impl Strategy<Value = AddressPattern> {
    "([ab]|\\*)@(\\*\\.)?([ab]\\.){1,2}x".prop_filter_map("asterisks", |text| text.parse().ok())
}

fn inbox() -> impl Strategy<Value = InstantInbox> {
    "im:[ab]@([ab]\\.){1,3}x".prop_map(|text| text.parse().unwrap())
}

fn adapter_name(number: u16) -> String {
    number.to_string()
}

fn rules() -> impl Strategy<Value = Vec<AccessRule>> {
    let sides = (option::of(pattern()), option::of(pattern()));
    let adapters = (
        option::weighted(0.3, 0..3_u16),
        option::weighted(0.3, 0..3_u16),
    );
    let rule = (
        any::<bool>(),
        adapters,
        sides,
        option::weighted(0.2, any::<bool>()),
    );
    vec(rule, 0..12).prop_map(|rules| rules.into_iter().map(rule_of).collect())
}

type Parts = (
    bool,
    (Option<u16>, Option<u16>),
    (Option<AddressPattern>, Option<AddressPattern>),
    Option<bool>,
);

fn rule_of((allow, (from_adapter, to_adapter), (from, to), authenticated): Parts) -> AccessRule {
    let mut rule = AccessRule::new(if allow {
        RuleAction::Allow
    } else {
        RuleAction::Deny
    });
    rule.from_adapter = from_adapter.map(|number| adapter_name(number).into());
    rule.to_adapter = to_adapter.map(|number| adapter_name(number).into());
    (rule.from, rule.to) = (from, to);
    match authenticated {
        Some(true) => rule.authenticated(),
        Some(false) => rule.unauthenticated(),
        None => rule,
    }
}

fn compiled(rules: &[AccessRule]) -> Rules {
    let number = |name: &Option<rialto_model::ByteString>| {
        name.as_ref()
            .map(|name| AdapterId::new(name.parse().unwrap()))
    };
    let with_condition = |rule: &AccessRule| {
        let condition = Condition {
            from_adapter: number(&rule.from_adapter),
            from: rule.from.clone(),
            to_adapter: number(&rule.to_adapter),
            to: rule.to.clone(),
            authenticated: rule.authenticated,
        };
        (rule.clone(), condition)
    };
    Rules::new(rules.iter().map(with_condition).collect())
}

/// What is asked, without the adapter that delivers.
#[derive(Debug)]
struct Asked {
    from: u16,
    source: InstantInbox,
    destination: InstantInbox,
    vouched: bool,
    default: Ruling,
}

fn default() -> impl Strategy<Value = Ruling> {
    prop::sample::select(vec![
        Ruling::Allowed(Ground::Default),
        Ruling::Denied(Ground::OpenRelay),
        Ruling::Denied(Ground::NotItsNetwork),
    ])
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..3_u16, inbox(), inbox(), any::<bool>(), default()).prop_map(
        |(from, source, destination, vouched, default)| Asked {
            from,
            source,
            destination,
            vouched,
            default,
        },
    )
}

impl Asked {
    fn judge(&self, rules: &Rules, to: Option<u16>) -> Ruling {
        let party = |inbox| Party {
            inbox,
            is_own: true,
            home: Home::Anywhere,
        };
        let authentication = match self.vouched {
            true => Authentication::Network,
            false => Authentication::None,
        };
        let question = Question {
            from: AdapterId::new(self.from),
            authentication,
            source: party(&self.source),
            destination: party(&self.destination),
            to: to.map(AdapterId::new),
        };
        rules.judge(&question, self.default)
    }

    /// The first rule that matches, one after the other.
    fn slowly(&self, rules: &[AccessRule], to: u16) -> Ruling {
        let is = |wanted: &Option<rialto_model::ByteString>, number| {
            wanted
                .as_ref()
                .is_none_or(|name| **name == adapter_name(number))
        };
        let means = |wanted: &Option<AddressPattern>, inbox| {
            wanted.as_ref().is_none_or(|pattern| pattern.matches(inbox))
        };
        let is_spoof = self.default == Ruling::Denied(Ground::NotItsNetwork);
        let matches = |rule: &AccessRule| {
            (rule.action == RuleAction::Deny || rule.from_adapter.is_some() || !is_spoof)
                && is(&rule.from_adapter, self.from)
                && is(&rule.to_adapter, to)
                && means(&rule.from, &self.source)
                && means(&rule.to, &self.destination)
                && match rule.authenticated {
                    Some(rule::RequiredAuthentication::Some) => self.vouched,
                    Some(rule::RequiredAuthentication::None) => !self.vouched,
                    None => true,
                }
        };
        match rules.iter().position(matches) {
            Some(number) if rules[number].action == RuleAction::Allow => {
                Ruling::Allowed(Ground::Rule(number))
            }
            Some(number) => Ruling::Denied(Ground::Rule(number)),
            None => self.default,
        }
    }
}

fn permits(ruling: Ruling) -> Option<bool> {
    match ruling {
        Ruling::Allowed(_) => Some(true),
        Ruling::Denied(_) => Some(false),
        Ruling::NeedsAdapter => None,
    }
}

proptest! {
    #[test]
    fn first_rule_that_matches_decides(rules in rules(), asked in asked(), to in 0..3_u16) {
        prop_assert_eq!(asked.judge(&compiled(&rules), Some(to)), asked.slowly(&rules, to));
    }

    #[test]
    fn ruling_before_the_adapter_is_known_holds_for_every_adapter(
        rules in rules(), asked in asked()
    ) {
        let rules = compiled(&rules);
        let later = [0, 1, 2].map(|to| permits(asked.judge(&rules, Some(to))));
        prop_assert!(later.iter().all(Option::is_some));
        if let Some(permitted) = permits(asked.judge(&rules, None)) {
            prop_assert_eq!(later, [Some(permitted); 3]);
        }
    }

    #[test]
    fn rule_that_is_said_to_be_unreachable_might_as_well_not_be_there(
        rules in rules(), asked in asked(), to in 0..3_u16
    ) {
        let unreachable = check(&rules);
        let is_reached = |number: &usize| unreachable.iter().all(|(other, _)| other != number);
        let reached: Vec<_> = (0..rules.len())
            .filter(is_reached)
            .map(|number| rules[number].clone())
            .collect();
        let [all, some] = [&rules, &reached].map(|rules| permits(asked.slowly(rules, to)));
        prop_assert_eq!(all, some);
    }

    #[test]
    fn block_list_holds_whom_one_of_its_patterns_means(
        patterns in vec(pattern(), 0..5), sender in inbox()
    ) {
        let mut blocked = BlockList::default();
        patterns.iter().for_each(|pattern| blocked.add(pattern.clone()));
        let means = patterns.iter().any(|pattern| pattern.matches(&sender));
        prop_assert_eq!(blocked.contains(&sender), means);
    }
}

#[test]
fn ruling_waits_for_the_adapter_only_if_it_hangs_on_it() {
    let asked = Asked {
        from: 0,
        source: "im:a@a.x".parse().unwrap(),
        destination: "im:b@b.x".parse().unwrap(),
        vouched: false,
        default: Ruling::Denied(Ground::OpenRelay),
    };
    let deny_to_1 = AccessRule::new(RuleAction::Deny).to_adapter("1");
    let allow_to_1 = AccessRule::new(RuleAction::Allow).to_adapter("1");
    let allow_all = AccessRule::new(RuleAction::Allow);
    let judge = |rules: &[AccessRule]| asked.judge(&compiled(rules), None);
    assert_eq!(judge(slice::from_ref(&allow_to_1)), Ruling::NeedsAdapter);
    assert_eq!(
        judge(slice::from_ref(&deny_to_1)),
        Ruling::Denied(Ground::OpenRelay)
    );
    assert_eq!(judge(&[deny_to_1, allow_all.clone()]), Ruling::NeedsAdapter);
    let allowed = Ruling::Allowed(Ground::Rule(0));
    assert_eq!(judge(&[allow_all, allow_to_1]), allowed);
}

#[test]
fn rule_that_takes_something_back_from_a_later_exception_is_asked() {
    let allow_all = AccessRule::new(RuleAction::Allow);
    let deny_vouched = AccessRule::new(RuleAction::Deny).authenticated();
    let allow_from_1 = AccessRule::new(RuleAction::Allow).from_adapter("1");
    let spoof = Asked {
        from: 1,
        source: "im:a@a.x".parse().unwrap(),
        destination: "im:a@a.x".parse().unwrap(),
        vouched: true,
        default: Ruling::Denied(Ground::NotItsNetwork),
    };
    let judge = |rules: &[AccessRule]| spoof.judge(&compiled(rules), Some(0));
    let rules = [allow_all, deny_vouched, allow_from_1];
    let [allow_all, deny_vouched, allow_from_1] = rules.clone();
    assert_eq!(judge(&rules), Ruling::Denied(Ground::Rule(1)));
    assert_eq!(check(&rules), []);
    let by_0 = |rules: &[AccessRule]| {
        let (by, place) = (0, None);
        check(rules) == [(1, AccessRuleConflict::Unreachable { by, place })]
    };
    // Without an exception that it could meet, it is not.
    assert!(by_0(&[allow_all.clone(), deny_vouched.clone()]));
    let deny_from_2 = deny_vouched.from_adapter("2");
    assert!(by_0(&[allow_all, deny_from_2, allow_from_1]));
}

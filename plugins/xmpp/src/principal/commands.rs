//! Ad-hoc commands (XEP-0050), in the words of the gateway's inbox. Nothing is remembered between a form and what comes back.

use rialto_sdk::model::ByteString;
use rialto_xmpp_codec::{
    Condition, DiscoInfo, Element, Identity, Iq, IqPayload, Node, WriteError, namespace,
};

use super::form::{self, Field, Form, values};

pub(super) const NAMESPACE: &str = "http://jabber.org/protocol/commands";

/// The commands, and what people call them.
const NODES: [(&str, &str); 3] = [
    ("rule", "Let somebody see you or write to you, or not"),
    ("rules", "All rules on who sees you and writes to you"),
    ("watchers", "Who sees you"),
];

/// What can be said of somebody, in the words of rules.
const EFFECTS: [(&str, &str); 9] = [
    ("allow", "sees all"),
    ("show status-only to", "sees whether you are there"),
    ("show nothing to", "sees nothing"),
    ("confirm", "waits until you decide"),
    ("block", "is refused"),
    ("polite-block", "sees you offline"),
    ("accept messages from", "may write to you"),
    ("refuse messages from", "may not write to you"),
    ("forget", "no rule says anything"),
];

/// A step of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    node: &'static str,
    session: ByteString,
    step: Step,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The form has to be shown.
    Begin,
    /// It has come back.
    Filled(String),
    Cancel,
}

impl Order {
    pub(super) fn of(element: &Element) -> Result<Self, Condition> {
        let node = element.attribute("node").ok_or(Condition::BadRequest)?;
        let mut nodes = NODES.into_iter().map(|(known, _)| known);
        let node = nodes
            .find(|known| node == known)
            .ok_or(Condition::ItemNotFound)?;
        let session = element.attribute("sessionid").cloned();
        let session = session
            .filter(|name| name.len() <= MAX_SESSION)
            .unwrap_or_else(|| node.into());
        let filled = element.child(form::NAMESPACE, "x");
        let filled =
            filled.filter(|form| form.attribute("type").is_some_and(|kind| kind == "submit"));
        let action = element
            .attribute("action")
            .map_or("execute", |action| &**action);
        let step = match (action, filled) {
            ("cancel", _) => Step::Cancel,
            ("execute" | "next" | "complete", Some(filled)) => Step::Filled(command(node, filled)?),
            ("execute", None) => Step::Begin,
            _ => return Err(Condition::BadRequest),
        };
        Ok(Self {
            node,
            session,
            step,
        })
    }

    /// What the gateway's inbox is asked before the answer.
    pub(super) fn command(&self) -> Option<String> {
        match (&self.step, self.node) {
            (Step::Cancel, _) | (Step::Begin, "rule") => None,
            (Step::Filled(command), _) => Some(command.clone()),
            (Step::Begin, node) => Some(node.to_owned()),
        }
    }

    /// The answer to the user, with what the inbox has said.
    pub(super) fn answer(&self, said: Option<&str>) -> Result<IqPayload, WriteError> {
        let said = said.unwrap_or_default();
        let (status, content) = match (&self.step, self.node) {
            (Step::Cancel, _) => ("canceled", None),
            (Step::Begin, "rule") => ("executing", Some(rule()?)),
            (Step::Begin, "rules") => ("executing", Some(rules(said)?)),
            _ => ("completed", Some(note(said)?)),
        };
        let mut answer = Element::new(NAMESPACE, "command")?
            .with_attribute("node", self.node)?
            .with_attribute("sessionid", self.session.clone())?
            .with_attribute("status", status)?;
        if status == "executing" {
            let actions =
                Element::new(NAMESPACE, "actions")?.with_attribute("execute", "complete")?;
            let complete = Element::new(NAMESPACE, "complete")?;
            answer = answer.with_node(Node::Element(actions.with_node(Node::Element(complete))));
        }
        let answer = content.into_iter().fold(answer, Element::with_node);
        Ok(IqPayload::Other(answer))
    }
}

/// The longest name of a session that is given back.
const MAX_SESSION: usize = 64;

/// What a form that was filled in says, as a command.
fn command(node: &str, filled: &Element) -> Result<String, Condition> {
    let one = |name| values(filled, name).next().ok_or(Condition::BadRequest);
    match node {
        "rule" => {
            let (effect, who) = (one("effect")?, one("who")?);
            let is_known = EFFECTS.iter().any(|(known, _)| effect == *known);
            let who = who.trim();
            // One word, so that nothing else can follow it.
            if !is_known || who.is_empty() || who.contains(char::is_whitespace) {
                return Err(Condition::NotAcceptable);
            }
            Ok(format!("{effect} {who}"))
        }
        "rules" => {
            let lines: Vec<_> = values(filled, "rules").collect();
            Ok(format!("set rules\n{}", lines.join("\n")))
        }
        _ => Err(Condition::BadRequest),
    }
}

fn rule() -> Result<Node, WriteError> {
    let form = Form::new(
        "Who sees you and writes to you",
        "What you say last of somebody holds.",
    )?;
    let who = Field::new(
        "text-single",
        "who",
        "Who: user@domain, *@domain, anonymous, unauthenticated or anyone",
    )?;
    let effect = Field::new("list-single", "effect", "What holds for them")?.with_value("allow")?;
    let effect = EFFECTS
        .into_iter()
        .try_fold(effect, |effect, (value, label)| {
            effect.with_option(value, label)
        })?;
    Ok(form.with(who).with(effect).into_node())
}

fn rules(said: &str) -> Result<Node, WriteError> {
    let form = Form::new(
        "All rules on who sees you and writes to you",
        "A rule to a line. The first that means somebody decides.",
    )?;
    let field = Field::new("text-multi", "rules", "Rules")?;
    // The first line says that these are the rules, or that there are none.
    let field = said.lines().skip(1).try_fold(field, Field::with_value)?;
    Ok(form.with(field).into_node())
}

fn note(said: &str) -> Result<Node, WriteError> {
    let note = Element::new(NAMESPACE, "note")?.with_attribute("type", "info")?;
    Ok(Node::Element(note.with_node(Node::Text(said.into()))))
}

/// The answer to who asks which commands there are, or what one is.
pub(super) fn discovered(iq: &Iq) -> Option<Iq> {
    match &iq.payload {
        IqPayload::DiscoItems { node: Some(node) } if node == NAMESPACE => {
            let items = items(iq.to.as_ref()?).ok()?;
            iq.result(IqPayload::Other(items))
        }
        IqPayload::DiscoInfo(DiscoInfo {
            node: Some(node), ..
        }) => {
            let (known, label) = NODES.into_iter().find(|(known, _)| node == known)?;
            iq.result(IqPayload::DiscoInfo(DiscoInfo {
                node: Some(known.into()),
                identities: vec![Identity {
                    category: "automation".into(),
                    type_: "command-node".into(),
                    name: Some(label.into()),
                }],
                features: [NAMESPACE, form::NAMESPACE]
                    .map(ByteString::from_static)
                    .into(),
            }))
        }
        _ => None,
    }
}

fn items(component: &ByteString) -> Result<Element, WriteError> {
    let query = Element::new(namespace::DISCO_ITEMS, "query")?.with_attribute("node", NAMESPACE)?;
    NODES.into_iter().try_fold(query, |query, (node, label)| {
        let item = Element::new(namespace::DISCO_ITEMS, "item")?
            .with_attribute("jid", component.clone())?
            .with_attribute("node", node)?
            .with_attribute("name", label)?;
        Ok(query.with_node(Node::Element(item)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(fields: &[(&str, &[&'static str])]) -> Element {
        let form = Element::new(form::NAMESPACE, "x").unwrap();
        let form = form.with_attribute("type", "submit").unwrap();
        fields.iter().fold(form, |form, (name, values)| {
            let field = Element::new(form::NAMESPACE, "field").unwrap();
            let field = field.with_attribute("var", (*name).to_owned()).unwrap();
            let field = values.iter().fold(field, |field, value| {
                let value_element = Element::new(form::NAMESPACE, "value").unwrap();
                let text = Node::Text((*value).into());
                field.with_node(Node::Element(value_element.with_node(text)))
            });
            form.with_node(Node::Element(field))
        })
    }

    fn order(
        node: &'static str,
        action: Option<&'static str>,
        form: Option<Element>,
    ) -> Result<Order, Condition> {
        let element = Element::new(NAMESPACE, "command").unwrap();
        let element = element.with_attribute("node", node).unwrap();
        let element = match action {
            Some(action) => element.with_attribute("action", action).unwrap(),
            None => element,
        };
        let form = form.map(Node::Element);
        Order::of(&form.into_iter().fold(element, Element::with_node))
    }

    fn xml(payload: IqPayload) -> String {
        match payload {
            IqPayload::Other(element) => element.to_xml().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn command_begins_with_a_form_and_ends_with_what_the_gateway_says() {
        let begun = order("rules", None, None).unwrap();
        assert_eq!(begun.command().as_deref(), Some("rules"));
        let shown = xml(begun
            .answer(Some("These rules hold:\nblock a@b.example\nallow anyone"))
            .unwrap());
        assert!(
            shown.contains("executing") && shown.contains("block a@b.example"),
            "{shown}"
        );
        assert!(!shown.contains("These rules"), "{shown}");

        let form = submitted(&[("rules", &["allow a@b.example", "block anyone"])]);
        let filled = order("rules", Some("complete"), Some(form)).unwrap();
        assert_eq!(
            filled.command().as_deref(),
            Some("set rules\nallow a@b.example\nblock anyone")
        );
        let done = xml(filled
            .answer(Some("Done: these are all your rules."))
            .unwrap());
        assert!(
            done.contains("completed") && done.contains("Done: these"),
            "{done}"
        );

        let cancelled = order("rules", Some("cancel"), None).unwrap();
        assert_eq!(cancelled.command(), None);
        assert!(xml(cancelled.answer(None).unwrap()).contains("canceled"));
        let watchers = order("watchers", None, None).unwrap();
        assert_eq!(watchers.command().as_deref(), Some("watchers"));
        assert!(xml(watchers.answer(Some("Nobody watches you.")).unwrap()).contains("completed"));
    }

    #[test]
    fn form_of_one_rule_says_that_rule_and_no_other() {
        let begun = order("rule", None, None).unwrap();
        assert_eq!(begun.command(), None);
        assert!(xml(begun.answer(None).unwrap()).contains("polite-block"));
        let fill = |effect, who| {
            let form = submitted(&[("effect", &[effect]), ("who", &[who])]);
            order("rule", None, Some(form)).map(|order| order.command())
        };
        assert_eq!(
            fill("show status-only to", " eve@a.example "),
            Ok(Some("show status-only to eve@a.example".to_owned()))
        );
        for (effect, who) in [
            ("allow", "a@b.example\nblock anyone"),
            ("allow", "a@b.example when fetching"),
            ("set rules", "x"),
            ("allow", ""),
        ] {
            assert_eq!(
                fill(effect, who),
                Err(Condition::NotAcceptable),
                "{effect} {who}"
            );
        }
    }

    #[test]
    fn what_is_no_command_of_ours_is_refused() {
        assert_eq!(order("shutdown", None, None), Err(Condition::ItemNotFound));
        assert_eq!(
            order("rules", Some("prev"), None),
            Err(Condition::BadRequest)
        );
        assert_eq!(
            order("watchers", None, Some(submitted(&[]))),
            Err(Condition::BadRequest)
        );
        let none = Element::new(NAMESPACE, "command").unwrap();
        assert_eq!(Order::of(&none), Err(Condition::BadRequest));
    }
}

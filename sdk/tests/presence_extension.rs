//! A sample plugin that says more of its users than the common format does, as the manual's page on extensions has it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rialto_sdk::{
    model::{
        presence::{ElementId, Extension, OtherMarkup, PresenceInformation, PresenceTuple, Status},
        xml::Element,
    },
    prelude::*,
    testing::Gateway,
    tokio,
};

const BATTERY: &str = "urn:example:battery";

/// A network of phones that say how full their batteries are.
struct Phones {
    host: Host,
}

#[derive(Deserialize, JsonSchema)]
struct Config {}

impl Plugin for Phones {
    const INFO: PluginInfo =
        PluginInfo::new("phones", "1").services(Services::MESSAGES.and(Services::PRESENCE));

    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Self> {
        Ok(Self { host: context.host })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        Ok(operation.respond(ResponseStatus::Indeterminant))
    }

    /// A phone that is watched says at once how it is.
    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        let (watcher, target) = (operation.watcher().clone(), operation.target().clone());
        let document = document(&target, "percent").map_err(|_| Error::permanent("no document"))?;
        let notify = NotifyOperation::new(
            self.host.transaction_id(),
            *operation.subscription_id(),
            watcher,
            target,
            SubscriptionState::Active,
        );
        let told = self
            .host
            .submit_notify(notify.with_document(document))
            .await;
        Ok(operation.respond(told.into_status()))
    }

    /// Refuses what a phone cannot show: it shows levels in percent only.
    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        let document = operation.document().map(|of| of.payload().as_bytes());
        let reading = PresenceInformation::parse(document.unwrap_or_default())
            .map_err(|_| Error::unsupported("no presence information"))?;
        let level = reading.information().tuples().iter().find_map(battery);
        level.ok_or_else(|| Error::unsupported("no level that a phone can show"))?;
        Ok(operation.respond(ResponseStatus::Success))
    }
}

fn document(
    whom: &Presentity,
    unit: &'static str,
) -> std::result::Result<PresenceDocument, Box<dyn std::error::Error>> {
    let unit = Element::new(BATTERY, unit)?
        .with_text("80")
        .that_must_be_understood()?;
    let battery = Extension::new(Element::new(BATTERY, "battery")?.with_child(unit))?;
    let tuple = PresenceTuple::new(ElementId::from_text("phone"), Some(Status::Open))
        .with_status_markup(OtherMarkup::new().with(battery));
    let information = PresenceInformation::new(whom.clone()).with_tuple(tuple);
    Ok(PresenceDocument::pidf(Bytes::from(information.to_xml()?)))
}

fn battery(tuple: &PresenceTuple) -> Option<u8> {
    let known = [(BATTERY, "battery"), (BATTERY, "percent")];
    let battery = tuple.status_markup().understood(&known).next()?;
    let unit = battery.element().children().next()?;
    unit.text().parse().ok()
}

fn presentity(user: &str) -> Presentity {
    Presentity::parse(&format!("pres:{user}@phones.example")).unwrap()
}

#[tokio::test]
async fn rfc2779_3_1_5_plugin_adds_a_status_and_what_it_must_understand_and_does_not_it_leaves_alone()
 {
    let gateway = Gateway::new();
    let plugin: Phones = gateway.start("{}").await.unwrap();
    let host = &plugin.host;
    let (watcher, target) = (presentity("alice"), presentity("bob"));
    let subscribe = SubscribeOperation::new(
        host.transaction_id(),
        host.subscription_id(),
        watcher.clone(),
        target.clone(),
    );
    let answer = plugin.subscribe(subscribe).await.unwrap();
    assert_eq!(*answer.status(), ResponseStatus::Success);
    let told = gateway.notifications();
    let told = told[0].document().unwrap();
    let notify = |document: PresenceDocument| {
        let (watcher, target) = (watcher.clone(), target.clone());
        let (id, name) = (host.transaction_id(), host.subscription_id());
        NotifyOperation::new(id, name, watcher, target, SubscriptionState::Active)
            .with_document(document)
    };
    let answer = plugin.notify(notify(told.clone())).await.unwrap();
    assert_eq!(*answer.status(), ResponseStatus::Success);
    // The level is in a unit of which this plugin knows nothing: it is no level, and the rest is as before.
    let later = document(&target, "joules").unwrap();
    let reading = PresenceInformation::parse(later.payload().as_bytes()).unwrap();
    let tuple = &reading.information().tuples()[0];
    assert_eq!((tuple.status(), battery(tuple)), (Some(Status::Open), None));
    assert!(plugin.notify(notify(later)).await.is_err());
}

//! Events as subscriptions: the same stream, topics and rights as server-sent events.

use async_graphql::dynamic::{FieldValue, InputValue, Subscription, SubscriptionField, SubscriptionFieldFuture, TypeRef, ResolverContext};
use async_graphql::{Error as GraphError, Value as Graph};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use service::{Caller, Error, Events, Heard, Kind, Service};

use crate::resolve::top_level;
use crate::types::Types;

/// The fields below `subscription`.
pub(crate) fn fields(types: &mut Types) -> Subscription {
    let (event, _) = types.output(&json!({"$ref": "#/components/schemas/Event"}));
    let event = TypeRef::NonNull(Box::new(event));
    let last = || InputValue::new("lastEventId", TypeRef::named("Size")).description("Goes on after this event");
    let events = SubscriptionField::new("events", event.clone(), |context| SubscriptionFieldFuture::new(open(context, None)))
        .description("What happens, of these topics or all")
        .argument(InputValue::new("topics", TypeRef::named_nn_list(TypeRef::STRING)))
        .argument(last());
    let queue = SubscriptionField::new("queueChanged", event.clone(), |context| SubscriptionFieldFuture::new(open(context, Some("queue")))).description("What changes in the queue").argument(last());
    let of = |name: &'static str, topic: &'static str, text: &'static str| {
        SubscriptionField::new(name, event.clone(), move |context| SubscriptionFieldFuture::new(open(context, Some(topic)))).description(text).argument(last())
    };
    let calls = of("callUpdated", "calls", "What becomes of calls");
    let registrations = of("registrationChanged", "registrations", "Which telephones come and go");
    let messages = of("imReceived", "im", "Instant messages and presence of the caller");
    let mailbox = SubscriptionField::new("mailboxChanged", event.clone(), |context| SubscriptionFieldFuture::new(open(context, Some("mailbox"))))
        .description("What changes in the mailboxes of the caller")
        .argument(InputValue::new("account", TypeRef::named_nn(TypeRef::STRING)))
        .argument(last());
    Subscription::new("Subscription").field(events).field(queue).field(calls).field(registrations).field(messages).field(mailbox)
}

/// An event on its way into a field.
struct Shown(Value);

impl From<Shown> for FieldValue<'_> {
    fn from(Shown(value): Shown) -> Self {
        FieldValue::owned_any(value)
    }
}

async fn open(context: ResolverContext<'_>, topic: Option<&'static str>) -> Result<impl Stream<Item = Result<Shown, GraphError>> + Send + use<>, GraphError> {
    let (service, caller) = (context.data::<Service>()?.clone(), context.data::<Caller>()?.clone());
    own(&context, &caller).map_err(|error| top_level(&error))?;
    let topics = match (topic, context.args.get("topics").map(|topics| topics.as_value().clone())) {
        (Some(topic), _) => vec![topic.to_owned()],
        (None, Some(Graph::List(list))) => list.into_iter().filter_map(|topic| if let Graph::String(topic) = topic { Some(topic) } else { None }).collect(),
        _ => Vec::new(),
    };
    let after = context.args.get("lastEventId").and_then(|after| match after.as_value() {
        Graph::Number(number) => number.as_i64(),
        Graph::String(text) => text.parse().ok(),
        _ => None,
    });
    let events = service.events(&caller, &topics, after).await.map_err(|error| top_level(&error))?;
    Ok(stream::unfold(Some(events), next))
}

/// Mailboxes are their owner's alone.
fn own(context: &ResolverContext<'_>, caller: &Caller) -> Result<(), Error> {
    let Some(account) = context.args.get("account") else { return Ok(()) };
    let standing = caller.signed_in()?;
    let account = account.string().unwrap_or_default();
    if account == "me" || account.eq_ignore_ascii_case(&standing.address) || account == standing.account_id.to_string() {
        return Ok(());
    }
    Err(Error::new(Kind::NotFound, "not_found", "There is no such account."))
}

async fn next(events: Option<Events>) -> Option<(Result<Shown, GraphError>, Option<Events>)> {
    let mut events = events?;
    let special = |kind: &str| json!({"id": 0, "type": kind, "topic": "system", "time": "1970-01-01T00:00:00.000Z", "account": null, "domain": null, "object": {}});
    let (value, events): (Value, _) = match events.next().await? {
        Heard::Event(event) => (serde_json::to_value(&*event).unwrap_or_default(), Some(events)),
        Heard::Reset => (special("reset"), Some(events)),
        Heard::Overflow => (special("overflow"), None),
    };
    Some((Ok(Shown(value)), events))
}

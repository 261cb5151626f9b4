//! `GET /api/v1/events`: server-sent events (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::sse::{Event as Line, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use net::Connection;
use service::{Error, Events, Heard, Kind, Service};

use crate::problem;

const HEARTBEAT: Duration = Duration::from_secs(15);

pub(crate) async fn stream(service: Service, admin: bool, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match open(&service, admin, &head).await {
        Ok(events) => Sse::new(stream::unfold(Some(events), next)).into_response(),
        Err(error) => problem::respond(&error),
    }
}

async fn open(service: &Service, admin: bool, head: &Parts) -> Result<Events, Error> {
    let connection = head.extensions.get::<Connection>().copied();
    let ip = connection.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |c| c.peer.ip());
    let text = |name: header::HeaderName| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let caller = service.caller(text(header::AUTHORIZATION), ip, connection.is_some_and(|c| c.tls), admin).await?;
    let query = head.uri.query().unwrap_or_default();
    let topics = query.split('&').find_map(|pair| pair.strip_prefix("topics=")).unwrap_or_default();
    let topics: Vec<String> = topics.split([',']).filter(|topic| !topic.is_empty()).map(str::to_owned).collect();
    let after = match text(header::HeaderName::from_static("last-event-id")) {
        Some(number) => Some(number.parse().map_err(|_| Error::new(Kind::Malformed, "invalid_parameter", "Last-Event-ID must be a number this server gave."))?),
        None => None,
    };
    service.events(&caller, &topics, after).await
}

/// The next line of the stream: an event, a heartbeat, or the end.
async fn next(events: Option<Events>) -> Option<(Result<Line, Infallible>, Option<Events>)> {
    let mut events = events?;
    match tokio::time::timeout(HEARTBEAT, events.next()).await {
        Err(_) if events.still_welcome().await => Some((Ok(Line::default().comment("")), Some(events))),
        Err(_) | Ok(None) => None,
        Ok(Some(Heard::Event(event))) => {
            let data = serde_json::to_string(&*event).unwrap_or_default();
            Some((Ok(Line::default().id(event.id.to_string()).event(&event.kind).data(data)), Some(events)))
        }
        Ok(Some(Heard::Reset)) => Some((Ok(Line::default().event("reset").data("{}")), Some(events))),
        Ok(Some(Heard::Overflow)) => Some((Ok(Line::default().event("overflow").data("{}")), None)),
    }
}

/// The handler of one door.
pub(crate) fn handler(admin: bool) -> axum::routing::MethodRouter<Service> {
    axum::routing::get(move |State(service): State<Service>, request: Request| stream(service, admin, request))
}

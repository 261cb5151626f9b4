//! Web servers of others, asked by the way; nobody waits for what they say.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::Resolver;

/// How long one may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most that are asked at a time.
const MOST: usize = 64;
const REDIRECTIONS: usize = 5;

/// Whether a server of this name may be asked at this address.
pub type MayAsk = Arc<dyn Fn(&str, IpAddr) -> bool + Send + Sync>;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The URL cannot be read, or is of another scheme.
    #[error("it is no URL of http or https")]
    NoUrl,
    /// It is not to be asked.
    #[error("its address may not be asked")]
    Refused,
    /// Too many are being asked.
    #[error("too many are asked")]
    Busy,
    /// It cannot be asked, or does not answer in time.
    #[error("it cannot be asked: {0}")]
    Failed(String),
}

/// Asks web servers. Certificates are verified; redirections are followed within a host alone.
#[derive(Clone)]
pub struct Web {
    client: Client,
    may_ask: MayAsk,
    places: Arc<Semaphore>,
    runtime: Handle,
}

struct Names {
    resolver: Resolver,
    may_ask: MayAsk,
}

/// Why it failed, down to the first cause.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, may_ask) = (self.resolver.clone(), self.may_ask.clone());
        Box::pin(async move {
            let found = resolver.addresses(name.as_str()).await.map_err(Box::new)?;
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|ip| may_ask(name.as_str(), *ip)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if allowed.is_empty() {
                return Err(WebError::Refused.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Web {
    /// Within a runtime, in which servers are asked.
    ///
    /// # Errors
    /// When TLS cannot be had.
    pub fn new(resolver: Resolver, may_ask: MayAsk) -> Result<Self, WebError> {
        let within_host = Policy::custom(|attempt| {
            let same = attempt.previous().first().is_some_and(|first| first.host_str() == attempt.url().host_str());
            if same && attempt.previous().len() <= REDIRECTIONS { attempt.follow() } else { attempt.stop() }
        });
        let names = Names { resolver, may_ask: may_ask.clone() };
        let client = Client::builder().user_agent("Postamt").timeout(PATIENCE).redirect(within_host).no_proxy().pool_max_idle_per_host(1).dns_resolver(Arc::new(names)).build();
        Ok(Self { client: client.map_err(|error| WebError::Failed(error.to_string()))?, may_ask, places: Arc::new(Semaphore::new(MOST)), runtime: Handle::current() })
    }

    /// Asks for a URL, and tells the status of the answer.
    pub fn ask(&self, post: bool, url: &str, told: impl FnOnce(Result<u16, WebError>) + Send + 'static) {
        let Ok(place) = self.places.clone().try_acquire_owned() else { return told(Err(WebError::Busy)) };
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else { return told(Err(WebError::NoUrl)) };
        // Names are judged when they are resolved, addresses are not resolved.
        let literal = url.host_str().map(|host| (host.to_owned(), host.trim_matches(['[', ']']).parse::<IpAddr>()));
        if let Some((host, Ok(ip))) = literal
            && !(self.may_ask)(&host, ip)
        {
            return told(Err(WebError::Refused));
        }
        let request = self.client.request(if post { Method::POST } else { Method::GET }, url);
        self.runtime.spawn(async move {
            // Not even the text of a fault shows the URL: it may hold a secret.
            let answer = request.send().await.map(|answer| answer.status().as_u16()).map_err(|error| WebError::Failed(reason(error)));
            drop(place);
            told(answer);
        });
    }
}

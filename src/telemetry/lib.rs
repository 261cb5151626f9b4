//! Logs and metrics: set up once, names written once.
//!
//! Deliberately absent: any value that could be a secret. Addresses appear only in the `mail` and `call` targets.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

pub mod metric;

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts logging to standard error and collecting metrics. `filter` is like `info,sqlx=warn`; a second call does nothing.
pub fn init(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let _ = if json {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).try_init()
    };
    if PROMETHEUS.get().is_none()
        && let Ok(handle) = PrometheusBuilder::new().install_recorder()
    {
        let _ = PROMETHEUS.set(handle);
    }
}

/// All metrics in the text form of Prometheus.
pub fn render() -> String {
    PROMETHEUS.get().map(|handle| {
        handle.run_upkeep();
        handle.render()
    }).unwrap_or_default()
}

//! HTTP over a connection that is already accepted.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;

use crate::{Connection, Stream};

/// Time for requests that run when the server stops; streams of events never end by themselves.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Serves HTTP/1.1 or HTTP/2 on a stream to its end, or until `stop`. The [`Connection`] is among the extensions of each request.
pub async fn serve(stream: Stream, connection: Connection, app: Router, stop: impl Future<Output = ()>) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection);
        let app = app.clone();
        async move { tower_service::Service::call(&mut app.clone(), request.map(Body::new)).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(Duration::from_secs(75));
    let mut served = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // A broken connection is the peer's affair.
    tokio::select! {
        _ = &mut served => return,
        () = stop => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(LAST_ANSWERS, served).await;
}

/// Serves HTTP on a local socket for as long as it is open.
pub async fn serve_local(listener: tokio::net::UnixListener, app: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let app = app.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let mut app = app.clone();
                async move { tower_service::Service::call(&mut app, request.map(Body::new)).await }
            });
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

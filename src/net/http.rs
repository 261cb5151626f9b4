//! HTTP over a connection that is already accepted.

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;

use crate::{Connection, Stream};


/// Serves HTTP/1.1 or HTTP/2 on a stream to its end. The [`Connection`] is among the extensions of each request.
pub async fn serve(stream: Stream, connection: Connection, app: Router) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection);
        let app = app.clone();
        async move { tower_service::Service::call(&mut app.clone(), request.map(Body::new)).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(std::time::Duration::from_secs(75));
    // A broken connection is the peer's affair.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

/// Serves HTTP on a local socket for as long as it is open.
pub async fn serve_local(listener: tokio::net::UnixListener, app: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
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

//! HTTP around the API: connections, sizes of bodies, an orderly end.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::{self, Answer};
use crate::backend::Backend;

const MOST_BYTES: usize = 1024 * 1024;
/// How long a client may take to send the head of its request, and its body.
const HEAD_SECONDS: u64 = 10;
const BODY_SECONDS: u64 = 30;

/// Answers for as long as it is polled.
pub async fn run(listener: TcpListener, backend: Backend) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, backend.clone()));
            }
            Err(error) => {
                eprintln!("a connection was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: tokio::net::TcpStream, backend: Backend) {
    let service = service_fn(move |request| {
        let backend = backend.clone();
        async move { Ok::<_, Infallible>(handled(request, &backend).await) }
    });
    // A client that goes away is no event.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handled(request: Request<Incoming>, backend: &Backend) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MOST_BYTES as u64 {
        return too_long();
    }
    let reading = Limited::new(body, MOST_BYTES).collect();
    match tokio::time::timeout(Duration::from_secs(BODY_SECONDS), reading).await {
        Ok(Ok(body)) => {
            let Answer { status, body } =
                answered(backend, head.method.as_str(), head.uri.path(), &body.to_bytes()).await;
            json(status, &body)
        }
        Ok(Err(_)) => too_long(),
        Err(_) => json(
            408,
            &json!({ "error": format!("the body did not come within {BODY_SECONDS} s") }),
        ),
    }
}

/// The store answers at once; a formula is for the analytics engine.
async fn answered(backend: &Backend, method: &str, path: &str, body: &[u8]) -> Answer {
    let question = api::question(&backend.store(), method, path, body);
    match question {
        None => api::respond(&mut backend.store(), method, path, body),
        Some(Err(refused)) => refused,
        Some(Ok((formula, values))) => api::evaluated(backend.engine.evaluate(formula, values).await),
    }
}

fn too_long() -> Response<Full<Bytes>> {
    json(
        413,
        &json!({ "error": format!("a body has at most {MOST_BYTES} bytes") }),
    )
}

fn json(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

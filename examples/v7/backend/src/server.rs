//! HTTP around the API: connections, sizes of bodies, an orderly end.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use crate::api::respond;
use crate::store::Store;

const MOST_BYTES: usize = 1024 * 1024;
/// How long a client may take to send the head of its request, and its body.
const HEAD_SECONDS: u64 = 10;
const BODY_SECONDS: u64 = 30;

/// Answers until `stop` is there.
pub async fn run(listener: TcpListener, stop: impl Future<Output = ()>) {
    let store = Rc::new(RefCell::new(Store::default()));
    let connections = LocalSet::new();
    let accepting = connections.run_until(async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(connection(stream, Rc::clone(&store)));
                }
                Err(error) => {
                    eprintln!("a connection was not accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    });
    either(std::pin::pin!(accepting), std::pin::pin!(stop)).await;
}

async fn connection(stream: tokio::net::TcpStream, store: Rc<RefCell<Store>>) {
    let service = service_fn(move |request| {
        let store = Rc::clone(&store);
        async move { Ok::<_, Infallible>(handled(request, &store).await) }
    });
    // A client that goes away is no event.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handled(request: Request<Incoming>, store: &RefCell<Store>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MOST_BYTES as u64 {
        return too_long();
    }
    let reading = Limited::new(body, MOST_BYTES).collect();
    match tokio::time::timeout(Duration::from_secs(BODY_SECONDS), reading).await {
        Ok(Ok(body)) => {
            let answer = respond(
                &mut store.borrow_mut(),
                head.method.as_str(),
                head.uri.path(),
                &body.to_bytes(),
            );
            json(answer.status, &answer.body)
        }
        Ok(Err(_)) => too_long(),
        Err(_) => json(
            408,
            &json!({ "error": format!("the body did not come within {BODY_SECONDS} s") }),
        ),
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

/// Waits until one of two futures is ready.
pub async fn either<A: Future, B: Future>(mut a: Pin<&mut A>, mut b: Pin<&mut B>) {
    poll_fn(|context| {
        if a.as_mut().poll(context).is_ready() || b.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

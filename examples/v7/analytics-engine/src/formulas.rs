//! The way to the Python part, which evaluates formulas: one HTTP request for each.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 64 * 1024;

#[derive(Debug, PartialEq)]
pub enum Failure {
    /// The formula is wrong.
    Refused(String),
    /// The Python part does not answer as it should.
    Unavailable(String),
}

/// `address` is HOST:PORT.
pub async fn evaluate(address: &str, formula: &str, values: &[f64]) -> Result<f64, Failure> {
    let question = json!({ "formula": formula, "values": values }).to_string();
    match tokio::time::timeout(LIMIT, ask(address, question)).await {
        Ok(Ok((status, answer))) => read(status, &answer),
        Ok(Err(error)) => Err(Failure::Unavailable(format!("{address}: {error}"))),
        Err(_) => Err(Failure::Unavailable(format!(
            "{address} has not answered within {} s",
            LIMIT.as_secs()
        ))),
    }
}

async fn ask(address: &str, question: String) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post("/evaluate")
        .header(HOST, address)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(question)))?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    Ok((head.status, Limited::new(body, MOST_BYTES).collect().await?.to_bytes()))
}

fn read(status: StatusCode, answer: &[u8]) -> Result<f64, Failure> {
    let content: Value = serde_json::from_slice(answer).unwrap_or_default();
    match (status, content["result"].as_f64(), content["error"].as_str()) {
        (StatusCode::OK, Some(result), _) => Ok(result),
        (StatusCode::BAD_REQUEST, _, Some(error)) => Err(Failure::Refused(error.to_owned())),
        _ => Err(Failure::Unavailable(format!("the Python part answers {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_answer() {
        assert_eq!(read(StatusCode::OK, b"{\"result\": 3.0}"), Ok(3.0));
        let refused = read(StatusCode::BAD_REQUEST, b"{\"error\": \"the formula is empty\"}");
        assert_eq!(refused, Err(Failure::Refused("the formula is empty".into())));
        for (status, answer) in [
            (StatusCode::OK, "{}"),
            (StatusCode::OK, "<html>"),
            (StatusCode::BAD_GATEWAY, "{\"result\": 1}"),
            (StatusCode::BAD_REQUEST, ""),
        ] {
            let found = read(status, answer.as_bytes());
            assert!(
                matches!(found, Err(Failure::Unavailable(_))),
                "{status} {answer}: {found:?}"
            );
        }
    }
}

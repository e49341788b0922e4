//! The service over real connections, with a stand-in for the Python part.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use v7_analytics_engine::analytics::analytics_client::AnalyticsClient;
use v7_analytics_engine::analytics::{DescribeRequest, EvaluateRequest};
use v7_analytics_engine::service;

/// Answers one request; gives what was asked.
async fn python(listener: TcpListener, status: &str, body: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = String::new();
    while !asked.ends_with('}') {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap();
        asked.push_str(std::str::from_utf8(&part[..count]).unwrap());
    }
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
    asked
}

async fn engine(formulas: String) -> AnalyticsClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(service::run(listener, formulas, std::future::pending()));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    AnalyticsClient::new(endpoint.connect().await.unwrap())
}

async fn unused() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn question() -> EvaluateRequest {
    EvaluateRequest {
        formula: "mean(values)".into(),
        values: vec![1.0, 2.5],
    }
}

#[tokio::test]
async fn describes_a_series() {
    let mut client = engine("127.0.0.1:1".into()).await;
    let values = vec![1.0, 2.0, 6.0];
    let found = client.describe(DescribeRequest { values }).await.unwrap().into_inner();
    assert_eq!((found.count, found.mean, found.median), (3, 3.0, 2.0));
    let none = client.describe(DescribeRequest { values: vec![] }).await.unwrap_err();
    assert_eq!(
        (none.code(), none.message()),
        (Code::InvalidArgument, "the series has no values")
    );
}

#[tokio::test]
async fn asks_the_python_part_for_formulas() {
    let (listener, address) = unused().await;
    let asked = tokio::spawn(python(listener, "200 OK", "{\"result\": 1.75}"));
    let found = engine(address).await.evaluate(question()).await.unwrap();
    assert_eq!(found.into_inner().result, 1.75);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("POST /evaluate HTTP/1.1\r\n"), "{asked}");
    assert!(
        asked.ends_with(r#"{"formula":"mean(values)","values":[1.0,2.5]}"#),
        "{asked}"
    );
}

#[tokio::test]
async fn passes_on_what_is_wrong_with_a_formula() {
    let (listener, address) = unused().await;
    tokio::spawn(python(
        listener,
        "400 Bad Request",
        "{\"error\": \"the formula is empty\"}",
    ));
    let refused = engine(address).await.evaluate(question()).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::InvalidArgument, "the formula is empty")
    );
}

#[tokio::test]
async fn says_that_the_python_part_does_not_answer() {
    let (listener, address) = unused().await;
    drop(listener);
    let refused = engine(address.clone()).await.evaluate(question()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains(&address), "{}", refused.message());
}

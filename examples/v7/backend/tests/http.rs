//! The service over a real connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio::net::TcpListener;
use v7_backend::backend::Backend;
use v7_backend::engine::Engine;

/// Runs the service for as long as the questions take.
fn with_service(questions: impl FnOnce(u16) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = tokio::task::spawn_blocking(move || questions(port));
        // Nothing listens there.
        let backend = Backend::new(Engine::at("127.0.0.1:1").unwrap());
        tokio::select! {
            answer = asked => answer.unwrap(),
            () = v7_backend::http::run(listener, backend) => (),
        }
    });
}

fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: v7\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[test]
fn answers_health_and_series() {
    with_service(|port| {
        let health = ask(port, &request("GET", "/health", ""));
        assert!(health.starts_with("HTTP/1.1 200 OK"), "{health}");
        assert!(health.contains("content-type: application/json"), "{health}");
        ask(port, &request("POST", "/api/series/load", "[2, 4]"));
        let summary = ask(port, &request("GET", "/api/series/load", ""));
        assert!(summary.contains(r#""mean":3.0"#), "{summary}");
    });
}

#[test]
fn refuses_a_body_that_is_too_long() {
    with_service(|port| {
        let head = format!(
            "POST /api/series/load HTTP/1.1\r\nhost: v7\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            2 << 20
        );
        assert!(ask(port, &head).starts_with("HTTP/1.1 413"));
    });
}

#[test]
fn says_that_formulas_cannot_be_evaluated_now() {
    with_service(|port| {
        ask(port, &request("POST", "/api/series/load", "[2, 4]"));
        let body = r#"{"formula": "mean(values)"}"#;
        let answer = ask(port, &request("POST", "/api/series/load/evaluate", body));
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("formulas cannot be evaluated now"), "{answer}");
    });
}

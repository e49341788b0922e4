//! Starts the service, and ends it when the container is stopped. It can ask a running one as well.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Endpoint;
use v7_analytics_engine::analytics::analytics_client::AnalyticsClient;
use v7_analytics_engine::analytics::{DescribeRequest, EvaluateRequest};
use v7_analytics_engine::service;

const HELP: &str = "\
Usage: v7-analytics-engine [--help | --version]
       v7-analytics-engine ask HOST:PORT [FORMULA] VALUES

Answers questions about series of numbers by gRPC. `ask` asks an engine that runs: about the values, or for a formula's value, such as
  v7-analytics-engine ask 127.0.0.1:50051 'mean(values)' 1,2,6

Variables:
  ENGINE_PORT      the port that it listens on (50051)
  ENGINE_FORMULAS  HOST:PORT of the Python part (analytics-python:50052)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => port().and_then(|port| in_runtime(serve(port))),
        ["--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["--version"] => {
            println!("{}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        ["ask", address, values] => numbers(values).and_then(|values| in_runtime(ask(address, None, values))),
        ["ask", address, formula, values] => {
            numbers(values).and_then(|values| in_runtime(ask(address, Some(formula), values)))
        }
        other => {
            eprintln!("unknown arguments {}\n\n{HELP}", other.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("v7-analytics-engine: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn in_runtime(task: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?
        .block_on(task)
}

fn port() -> Result<u16, String> {
    match std::env::var("ENGINE_PORT") {
        Err(_) => Ok(50051),
        Ok(text) => text
            .parse()
            .map_err(|_| format!("ENGINE_PORT is \"{text}\": expected a port number")),
    }
}

async fn serve(port: u16) -> Result<(), String> {
    let formulas = std::env::var("ENGINE_FORMULAS").unwrap_or_else(|_| "analytics-python:50052".into());
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("port {port} cannot be used: {error}"))?;
    let mut stop = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    println!("listening on {address}");
    service::run(listener, formulas, async move {
        tokio::select! {
            _ = stop.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
    .await?;
    println!("stopped");
    Ok(())
}

async fn ask(address: &str, formula: Option<&str>, values: Vec<f64>) -> Result<(), String> {
    let channel = async { Endpoint::from_shared(format!("http://{address}"))?.connect().await };
    let mut client = AnalyticsClient::new(
        channel
            .await
            .map_err(|error| format!("{address} does not answer: {error}"))?,
    );
    let said = match formula {
        None => {
            let found = client
                .describe(DescribeRequest { values })
                .await
                .map_err(|status| status.message().to_owned())?;
            format!("{:?}", found.into_inner())
        }
        Some(formula) => {
            let question = EvaluateRequest {
                formula: formula.to_owned(),
                values,
            };
            let found = client
                .evaluate(question)
                .await
                .map_err(|status| status.message().to_owned())?;
            found.into_inner().result.to_string()
        }
    };
    println!("{said}");
    Ok(())
}

fn numbers(text: &str) -> Result<Vec<f64>, String> {
    text.split(',')
        .map(|one| one.trim().parse().map_err(|_| format!("\"{one}\" is not a number")))
        .collect()
}

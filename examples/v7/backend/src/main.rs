//! Starts the service, and ends it when the container is stopped.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use v7_backend::backend::Backend;
use v7_backend::engine::Engine;
use v7_backend::{grpc, http};

const HELP: &str = "\
Usage: v7-backend [--help | --version]

Keeps series of numbers and answers questions about them, by HTTP and gRPC.

Variables:
  V7_PORT       the port of HTTP (3000)
  V7_GRPC_PORT  the port of gRPC (50053)
  V7_ANALYTICS  HOST:PORT of the analytics engine (analytics-engine:50051)
";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => run(),
        Some("--help" | "-h") => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Some("--version") => {
            println!("{}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprintln!("unknown argument {other}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run() -> ExitCode {
    match settings().and_then(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("v7-backend: {problem}");
            ExitCode::FAILURE
        }
    }
}

struct Settings {
    http: u16,
    grpc: u16,
    analytics: String,
}

fn settings() -> Result<Settings, String> {
    Ok(Settings {
        http: port("V7_PORT", 3000)?,
        grpc: port("V7_GRPC_PORT", 50053)?,
        analytics: std::env::var("V7_ANALYTICS").unwrap_or_else(|_| "analytics-engine:50051".into()),
    })
}

fn port(name: &str, usual: u16) -> Result<u16, String> {
    match std::env::var(name) {
        Err(_) => Ok(usual),
        Ok(text) => text
            .parse()
            .map_err(|_| format!("{name} is \"{text}\": expected a port number")),
    }
}

async fn listen(port: u16) -> Result<TcpListener, String> {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("port {port} cannot be used: {error}"))?;
    println!("listening on {address}");
    Ok(listener)
}

fn serve(settings: Settings) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let backend = Backend::new(Engine::at(&settings.analytics).map_err(|why| format!("V7_ANALYTICS: {why}"))?);
        let (requests, calls) = (listen(settings.http).await?, listen(settings.grpc).await?);
        let mut stop = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
        tokio::select! {
            _ = stop.recv() => (),
            _ = interrupt.recv() => (),
            () = http::run(requests, backend.clone()) => (),
            ended = grpc::run(calls, backend) => ended?,
        }
        println!("stopped");
        Ok(())
    })
}

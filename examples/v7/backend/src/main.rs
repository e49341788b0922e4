//! Starts the service, and ends it when the container is stopped.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use v7_backend::server;

const HELP: &str = "\
Usage: v7-backend [--help | --version]

Keeps series of numbers and answers questions about them by HTTP.

Variables:
  V7_PORT   the port that it listens on (3000)
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
    match port().and_then(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("v7-backend: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn port() -> Result<u16, String> {
    match std::env::var("V7_PORT") {
        Err(_) => Ok(3000),
        Ok(text) => text
            .parse()
            .map_err(|_| format!("V7_PORT is \"{text}\": expected a port number")),
    }
}

fn serve(port: u16) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("port {port} cannot be used: {error}"))?;
        let mut stop = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
        println!("listening on {address}");
        server::run(listener, async move {
            let ended = std::pin::pin!(stop.recv());
            let interrupted = std::pin::pin!(interrupt.recv());
            server::either(ended, interrupted).await;
        })
        .await;
        println!("stopped");
        Ok(())
    })
}

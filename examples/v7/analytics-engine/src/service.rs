//! gRPC around the answers.

use std::future::Future;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::analytics::analytics_server::{Analytics, AnalyticsServer};
use crate::analytics::{DescribeRequest, Description, EvaluateRequest, Evaluation};
use crate::describe::describe;
use crate::formulas::{Failure, evaluate};

const MOST_VALUES: usize = 100_000;

struct Engine {
    /// HOST:PORT of the Python part.
    formulas: String,
}

#[tonic::async_trait]
impl Analytics for Engine {
    async fn describe(&self, request: Request<DescribeRequest>) -> Result<Response<Description>, Status> {
        let DescribeRequest { values } = request.into_inner();
        checked(&values)?;
        let found = describe(&values).ok_or_else(|| Status::invalid_argument("every value must be a finite number"))?;
        Ok(Response::new(found))
    }

    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Result<Response<Evaluation>, Status> {
        let EvaluateRequest { formula, values } = request.into_inner();
        checked(&values)?;
        match evaluate(&self.formulas, &formula, &values).await {
            Ok(result) => Ok(Response::new(Evaluation { result })),
            Err(Failure::Refused(why)) => Err(Status::invalid_argument(why)),
            Err(Failure::Unavailable(why)) => {
                eprintln!("the Python part is unavailable: {why}");
                Err(Status::unavailable(format!("formulas cannot be evaluated now: {why}")))
            }
        }
    }
}

fn checked(values: &[f64]) -> Result<(), Status> {
    match values.len() {
        0 => Err(Status::invalid_argument("the series has no values")),
        1..=MOST_VALUES => Ok(()),
        _ => Err(Status::invalid_argument(format!(
            "a series has at most {MOST_VALUES} values"
        ))),
    }
}

/// Answers until `stop` is there, and what was asked before.
pub async fn run(listener: TcpListener, formulas: String, stop: impl Future<Output = ()>) -> Result<(), String> {
    let service = AnalyticsServer::new(Engine { formulas });
    Server::builder()
        .serve_with_incoming_shutdown(service, TcpListenerStream::new(listener), stop)
        .await
        .map_err(|error| error.to_string())
}

//! gRPC around the series.

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::api::{NAME_RULE, is_name, refusal};
use crate::backend::Backend;
use crate::engine::Failure;
use crate::series::series_server::{Series, SeriesServer};
use crate::series::{AddReply, AddRequest, EvaluateRequest, Evaluation, SummarizeRequest, Summary};

#[tonic::async_trait]
impl Series for Backend {
    async fn add(&self, request: Request<AddRequest>) -> Result<Response<AddReply>, Status> {
        let AddRequest { name, values } = request.into_inner();
        if !is_name(&name) {
            return Err(Status::invalid_argument(NAME_RULE));
        }
        if !values.iter().all(|value| value.is_finite()) {
            return Err(Status::invalid_argument("every value must be a finite number"));
        }
        match self.store().add(&name, &values) {
            Ok(count) => Ok(Response::new(AddReply { count: count as u64 })),
            Err(reason) => Err(Status::resource_exhausted(refusal(&reason))),
        }
    }

    async fn summarize(&self, request: Request<SummarizeRequest>) -> Result<Response<Summary>, Status> {
        let SummarizeRequest { name } = request.into_inner();
        let found = self.store().summary(&name).ok_or_else(|| without_values(&name))?;
        Ok(Response::new(Summary {
            count: found.count as u64,
            mean: found.mean,
            least: found.least,
            most: found.most,
        }))
    }

    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Result<Response<Evaluation>, Status> {
        let EvaluateRequest { name, formula } = request.into_inner();
        let values = self
            .store()
            .values(&name)
            .filter(|values| !values.is_empty())
            .map(<[f64]>::to_vec);
        let values = values.ok_or_else(|| without_values(&name))?;
        match self.engine.evaluate(formula, values).await {
            Ok(result) => Ok(Response::new(Evaluation { result })),
            Err(Failure::Refused(why)) => Err(Status::invalid_argument(why)),
            Err(Failure::Unavailable(why)) => Err(Status::unavailable(why)),
        }
    }
}

fn without_values(name: &str) -> Status {
    Status::not_found(format!("there are no values in {name}"))
}

/// Answers for as long as it is polled.
pub async fn run(listener: TcpListener, backend: Backend) -> Result<(), String> {
    Server::builder()
        .serve_with_incoming(SeriesServer::new(backend), TcpListenerStream::new(listener))
        .await
        .map_err(|error| error.to_string())
}

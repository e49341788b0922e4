//! The service over real connections, with a stand-in for the analytics engine.

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use v7_backend::analytics::analytics_server::{Analytics, AnalyticsServer};
use v7_backend::analytics::{self, DescribeRequest, Description};
use v7_backend::backend::Backend;
use v7_backend::engine::Engine;
use v7_backend::grpc;
use v7_backend::series::series_client::SeriesClient;
use v7_backend::series::{AddRequest, EvaluateRequest, SummarizeRequest};

/// Adds the values, whatever the formula is, unless it is empty.
struct Sum;

#[tonic::async_trait]
impl Analytics for Sum {
    async fn describe(&self, _: Request<DescribeRequest>) -> Result<Response<Description>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn evaluate(
        &self,
        request: Request<analytics::EvaluateRequest>,
    ) -> Result<Response<analytics::Evaluation>, Status> {
        let asked = request.into_inner();
        if asked.formula.is_empty() {
            return Err(Status::invalid_argument("the formula is empty"));
        }
        let result = asked.values.iter().sum();
        Ok(Response::new(analytics::Evaluation { result }))
    }
}

async fn bound() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

async fn client(engine: &str) -> SeriesClient<Channel> {
    let (listener, address) = bound().await;
    tokio::spawn(grpc::run(listener, Backend::new(Engine::at(engine).unwrap())));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    SeriesClient::new(endpoint.connect().await.unwrap())
}

fn load(values: Vec<f64>) -> AddRequest {
    AddRequest {
        name: "load".into(),
        values,
    }
}

fn formula(text: &str) -> EvaluateRequest {
    EvaluateRequest {
        name: "load".into(),
        formula: text.into(),
    }
}

#[tokio::test]
async fn keeps_and_summarises_a_series() {
    let mut client = client("127.0.0.1:1").await;
    assert_eq!(client.add(load(vec![2.0, 4.0])).await.unwrap().into_inner().count, 2);
    let name = "load".to_owned();
    let found = client.summarize(SummarizeRequest { name }).await.unwrap().into_inner();
    assert_eq!((found.count, found.mean, found.least, found.most), (2, 3.0, 2.0, 4.0));
    let name = "none".to_owned();
    let none = client.summarize(SummarizeRequest { name }).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
}

#[tokio::test]
async fn refuses_names_and_values_that_no_series_has() {
    let mut client = client("127.0.0.1:1").await;
    let name = "a/b".to_owned();
    let refused = client.add(AddRequest { name, values: vec![] }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = client.add(load(vec![f64::NAN])).await.unwrap_err();
    assert_eq!(refused.message(), "every value must be a finite number");
}

#[tokio::test]
async fn has_formulas_evaluated_by_the_engine() {
    let (listener, engine) = bound().await;
    let connections = TcpListenerStream::new(listener);
    tokio::spawn(Server::builder().serve_with_incoming(AnalyticsServer::new(Sum), connections));
    let mut client = client(&engine).await;
    let none = client.evaluate(formula("sum(values)")).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
    client.add(load(vec![2.0, 4.5])).await.unwrap();
    assert_eq!(
        client
            .evaluate(formula("sum(values)"))
            .await
            .unwrap()
            .into_inner()
            .result,
        6.5
    );
    let refused = client.evaluate(formula("")).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::InvalidArgument, "the formula is empty")
    );
}

#[tokio::test]
async fn says_that_the_engine_is_away() {
    let mut client = client("127.0.0.1:1").await;
    client.add(load(vec![1.0])).await.unwrap();
    let away = client.evaluate(formula("mean(values)")).await.unwrap_err();
    assert_eq!(
        (away.code(), away.message()),
        (Code::Unavailable, "formulas cannot be evaluated now")
    );
}

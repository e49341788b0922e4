//! The analytics engine, which evaluates formulas.

use std::time::Duration;

use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::analytics::EvaluateRequest;
use crate::analytics::analytics_client::AnalyticsClient;

#[derive(Debug, PartialEq)]
pub enum Failure {
    /// The formula is wrong, in the engine's words.
    Refused(String),
    /// The engine does not answer: another time it may.
    Unavailable(String),
}

#[derive(Clone)]
pub struct Engine {
    client: AnalyticsClient<Channel>,
}

impl Engine {
    /// HOST:PORT of an engine. The first question connects, so that the backend starts without it.
    pub fn at(address: &str) -> Result<Self, String> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|_| format!("\"{address}\" is no address: expected HOST:PORT, such as analytics-engine:50051"))?
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10));
        let client = AnalyticsClient::new(endpoint.connect_lazy());
        Ok(Self { client })
    }

    pub async fn evaluate(&self, formula: String, values: Vec<f64>) -> Result<f64, Failure> {
        let question = EvaluateRequest { formula, values };
        match self.client.clone().evaluate(question).await {
            Ok(found) => Ok(found.into_inner().result),
            Err(status) if status.code() == Code::InvalidArgument => Err(Failure::Refused(status.message().to_owned())),
            Err(status) => {
                eprintln!("the analytics engine is unavailable: {status}");
                Err(Failure::Unavailable("formulas cannot be evaluated now".to_owned()))
            }
        }
    }
}

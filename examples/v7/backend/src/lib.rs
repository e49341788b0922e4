//! The backend of V7: it keeps series of numbers, and says what is in them.

/// Made from proto/analytics.proto by ../analytics-engine/codegen, as series is.
#[rustfmt::skip]
#[allow(clippy::all)]
pub mod analytics;
pub mod api;
pub mod backend;
pub mod engine;
pub mod grpc;
pub mod http;
#[rustfmt::skip]
#[allow(clippy::all)]
pub mod series;
pub mod store;

//! The analytics engine of V7: it answers questions about series of numbers by gRPC. Formulas of users are evaluated by its Python part.

/// Made from proto/analytics.proto by codegen/.
#[rustfmt::skip]
#[allow(clippy::all)]
pub mod analytics;
pub mod describe;
pub mod formulas;
pub mod service;

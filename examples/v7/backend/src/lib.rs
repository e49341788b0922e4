//! The backend of V7: it keeps series of numbers, and says what is in them.

pub mod api;
pub mod server;
pub mod store;

//! What both doors of the backend, HTTP and gRPC, lead to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::Engine;
use crate::store::Store;

#[derive(Clone)]
pub struct Backend {
    store: Arc<Mutex<Store>>,
    pub engine: Engine,
}

impl Backend {
    pub fn new(engine: Engine) -> Self {
        let store = Arc::default();
        Self { store, engine }
    }

    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

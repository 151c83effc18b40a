//! The settings of the resolver, which change while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;

use super::upstreams::Upstream;

/// The settings. Clones are handles to the same ones.
#[derive(Clone, Debug)]
pub(crate) struct ResolverSettings(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    upstreams: Vec<Upstream>,
    log_level: LevelFilter,
}

impl ResolverSettings {
    /// No upstreams means those of the host.
    pub(crate) fn new(upstreams: Vec<Upstream>, log_level: LevelFilter) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            upstreams,
            log_level,
        })))
    }

    /// Puts other settings in force. The upstreams apply from the next forwarded query on, because the process asks
    /// before each whether they changed.
    pub(crate) fn set(&self, upstreams: Vec<Upstream>, log_level: LevelFilter) {
        *self.inner() = Inner {
            upstreams,
            log_level,
        };
    }

    pub(super) fn upstreams(&self) -> Vec<Upstream> {
        self.inner().upstreams.clone()
    }

    pub(super) fn log_level(&self) -> LevelFilter {
        self.inner().log_level
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

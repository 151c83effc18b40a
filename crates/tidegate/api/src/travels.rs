//! What every value that travels can do.

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(not(feature = "schema"))]
mod described {
    /// Every type: nothing is described.
    pub trait Described {}
    impl<T> Described for T {}
}

#[cfg(feature = "schema")]
mod described {
    /// A type with a JSON schema.
    pub trait Described: schemars::JsonSchema {}
    impl<T: schemars::JsonSchema> Described for T {}
}

/// A value that travels: it is written and read as JSON and, with the feature `schema`, has a JSON schema.
pub trait Travels: Serialize + DeserializeOwned + described::Described {}

impl<T: Serialize + DeserializeOwned + described::Described> Travels for T {}

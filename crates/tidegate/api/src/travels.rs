//! The trait of all values in requests and answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(not(feature = "schema"))]
mod described {
    /// Without the feature `schema`: every type.
    pub trait Described {}
    impl<T> Described for T {}
}

#[cfg(feature = "schema")]
mod described {
    /// A type with a JSON schema.
    pub trait Described: schemars::JsonSchema {}
    impl<T: schemars::JsonSchema> Described for T {}
}

/// A value in a request or an answer: it is written and read as JSON. With the feature `schema` it has a JSON schema.
pub trait Travels: Serialize + DeserializeOwned + described::Described {}

impl<T: Serialize + DeserializeOwned + described::Described> Travels for T {}

//! The parameters of a call: a name in its path, a query, a body.

use tidegate_model::Name;

use crate::Travels;

/// A body of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<T>(pub T);

/// The query of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// What a query has: an object, each field of which is a parameter.
pub trait InQuery: Travels {
    /// The parameters that are not left at their defaults, as in `force=true`.
    fn text(&self) -> String;
}

/// The schemas of a call's parameters.
#[cfg(feature = "schema")]
#[derive(Debug, Default)]
pub struct Schemas {
    /// Whether the path has a name.
    pub is_named: bool,
    /// Schema of the query: an object with a property for each parameter.
    pub query: Option<schemars::Schema>,
    /// Of the body.
    pub body: Option<schemars::Schema>,
}

/// The parameters of a call, as a client writes them.
pub trait Given {
    /// The name in the path.
    fn name(&self) -> Option<&Name> {
        None
    }

    /// The query; empty if there is none.
    fn query(&self) -> String {
        String::new()
    }

    /// The body; empty if there is none.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a path that is not UTF-8.
    fn body(&self) -> serde_json::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// The schemas of the query and of the body.
    #[cfg(feature = "schema")]
    fn schemas(_: &mut schemars::SchemaGenerator) -> Schemas {
        Schemas::default()
    }
}

impl Given for () {}

impl Given for Name {
    fn name(&self) -> Option<&Name> {
        Some(self)
    }

    #[cfg(feature = "schema")]
    fn schemas(_: &mut schemars::SchemaGenerator) -> Schemas {
        Schemas {
            is_named: true,
            ..Schemas::default()
        }
    }
}

impl<T: Travels> Given for Body<T> {
    fn body(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.0)
    }

    #[cfg(feature = "schema")]
    fn schemas(generator: &mut schemars::SchemaGenerator) -> Schemas {
        Schemas {
            body: Some(generator.subschema_for::<T>()),
            ..Schemas::default()
        }
    }
}

impl<T: Travels> Given for (Name, Body<T>) {
    fn name(&self) -> Option<&Name> {
        Some(&self.0)
    }

    fn body(&self) -> serde_json::Result<Vec<u8>> {
        self.1.body()
    }

    #[cfg(feature = "schema")]
    fn schemas(generator: &mut schemars::SchemaGenerator) -> Schemas {
        Schemas {
            is_named: true,
            ..Body::<T>::schemas(generator)
        }
    }
}

impl<T: InQuery> Given for (Name, Query<T>) {
    fn name(&self) -> Option<&Name> {
        Some(&self.0)
    }

    fn query(&self) -> String {
        self.1.0.text()
    }

    #[cfg(feature = "schema")]
    fn schemas(generator: &mut schemars::SchemaGenerator) -> Schemas {
        Schemas {
            is_named: true,
            query: Some(T::json_schema(generator)),
            ..Schemas::default()
        }
    }
}

//! JSON objects of engines, key by key.
//!
//! Engines write `null` for what they leave out. Some are written in Go, whose readers ignore the case of keys
//! (`encoding/json`, "Unmarshal"), and so some write keys capitalised: containerd does.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Refused, Why};

/// The keys of an object that were not taken yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// What the object is, as a user would call it.
    what: String,
    left: Map<String, Value>,
}

impl Fields {
    /// Reads an object.
    pub(crate) fn read(what: &str, text: &[u8]) -> Result<Self, Refused> {
        let unreadable = |e| Refused::new(Why::Unreadable, format!("cannot parse {what}: {e}"));
        let value: Value = serde_json::from_slice(text).map_err(unreadable)?;
        Self::of(what, value)
    }

    /// Takes an object apart.
    pub(crate) fn of(what: &str, value: Value) -> Result<Self, Refused> {
        match value {
            Value::Object(mut left) => {
                left.retain(|_, value| !value.is_null());
                let what = what.to_owned();
                Ok(Self { what, left })
            }
            other => Err(Refused::new(
                Why::Unreadable,
                format!("cannot parse {what}: {other} is not an object"),
            )),
        }
    }

    /// The same with its keys in small letters.
    pub(crate) fn in_small_letters(self) -> Self {
        let small = |(key, value): (String, Value)| (key.to_ascii_lowercase(), value);
        Self {
            left: self.left.into_iter().map(small).collect(),
            ..self
        }
    }

    /// The value of a key; none if the object does not have it.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, Refused> {
        let unreadable = |e| {
            let message = format!("cannot parse the key {key:?} of {}: {e}", self.what);
            Refused::new(Why::Unreadable, message)
        };
        let value = self.left.remove(key);
        value
            .map(serde_json::from_value)
            .transpose()
            .map_err(unreadable)
    }

    /// The value of a key that the object must have.
    pub(crate) fn need<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, Refused> {
        let message = format!("{} has no key {key:?}", self.what);
        self.take(key)?
            .ok_or_else(|| Refused::new(Why::Invalid, message))
    }

    /// The object that a key has; an empty one if there is none.
    pub(crate) fn inner(&mut self, key: &str) -> Result<Self, Refused> {
        match self.left.remove(key) {
            None => Self::of(key, Value::Object(Map::new())),
            Some(value) => Self::of(&format!("the key {key:?}"), value),
        }
    }

    /// The objects that a key lists, with their keys in small letters.
    pub(crate) fn list(&mut self, key: &str) -> Result<Vec<Self>, Refused> {
        let list: Vec<Value> = self.take(key)?.unwrap_or_default();
        let entry = |value| Self::of(&format!("an entry of {key:?}"), value);
        list.into_iter()
            .map(|value| Ok(entry(value)?.in_small_letters()))
            .collect()
    }

    /// Gives a key a value.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.left.insert(key.to_owned(), value);
    }

    /// Whether the object has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// The value of a key, which stays.
    pub(crate) fn peek(&self, key: &str) -> Option<&Value> {
        self.left.get(key)
    }

    /// Forgets a key on which nothing depends.
    pub(crate) fn ignore(&mut self, key: &str) {
        self.left.remove(key);
    }

    /// Forgets all keys that begin so.
    pub(crate) fn ignore_all(&mut self, beginning: &str) {
        self.left.retain(|key, _| !key.starts_with(beginning));
    }

    /// Forgets the keys whose values are not wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&Value) -> bool) {
        self.left.retain(|_, value| is_wanted(value));
    }

    /// The object with the keys that were not taken.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.left)
    }

    /// Refuses an object with keys on which nobody acted.
    pub(crate) fn end(self) -> Result<(), Refused> {
        let Some((key, value)) = self.left.into_iter().next() else {
            return Ok(());
        };
        let what = &self.what;
        let message = format!("the key {key:?} of {what} with the value {value} is not supported");
        Err(Refused::new(Why::Unsupported, message))
    }
}

//! What a CNI runtime gives to a plugin.

use std::collections::BTreeMap;

use expect_test::Expect;
use serde_json::{Value, json};
use tidegate_engines::cni::{Add, Asked, Environment, Wanted, read};

/// What a runtime gives: variables and an object.
pub(crate) struct Given {
    pub(crate) variables: BTreeMap<&'static str, String>,
    pub(crate) text: String,
}

impl Given {
    pub(crate) fn new(command: &str, config: Value) -> Self {
        let id = "3f2a9c81be07".to_owned() + &"0".repeat(52);
        let variables = [
            ("CNI_COMMAND", command.to_owned()),
            ("CNI_CONTAINERID", id),
            ("CNI_NETNS", "/run/netns/box".to_owned()),
            ("CNI_IFNAME", "eth0".to_owned()),
        ];
        Self {
            variables: variables.into(),
            text: config.to_string(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    pub(crate) fn asked(&self) -> Result<Asked, Value> {
        let variable = |name: &str| self.variables.get(name).map(Into::into);
        read(&Environment::of(variable), self.text.as_bytes())
            .map_err(|failure| serde_json::from_str(&failure.answer()).unwrap())
    }

    pub(crate) fn wanted(&self) -> Wanted {
        self.asked().unwrap().wanted
    }

    pub(crate) fn add(&self) -> Add {
        let Wanted::Add(add) = self.wanted() else {
            unreachable!("it is an ADD")
        };
        *add
    }

    /// The code and the text of a failure.
    pub(crate) fn failure(&self) -> (u64, String) {
        let failure = self.asked().unwrap_err();
        let code = failure["code"].as_u64().unwrap();
        let text = |key: &str| failure[key].as_str().unwrap().to_owned();
        (code, format!("{}; {}", text("msg"), text("details")))
    }
}

pub(crate) fn config(version: &str) -> Value {
    json!({ "cniVersion": version, "name": "web", "type": "tidegate" })
}

pub(crate) fn with(mut config: Value, key: &str, value: Value) -> Value {
    config[key] = value;
    config
}

pub(crate) fn shows(value: &impl serde::Serialize, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(value).unwrap());
}

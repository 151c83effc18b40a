//! How a task's failure reaches the user: the chain of causes once, and what mends it.

use std::fmt;
use std::process::ExitCode;

use plimsoll_build::engine::EngineError;
use plimsoll_build::run::RunError;
use plimsoll_build::source::SourceError;
use plimsoll_plan::config::ConfigError;
use plimsoll_plan::distro::{DistroError, NotThis};
use plimsoll_plan::plan::PlanError;
use plimsoll_probe::CannotBuild;
use plimsoll_verify::VerifyError;
use plimsoll_verify::profile::ProfileError;

/// A failure whose mending is known.
#[derive(Debug)]
pub struct Hinted {
    message: String,
    hint: String,
    cause: Option<anyhow::Error>,
}

impl Hinted {
    /// A failure that says `message` and is mended by `hint`.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
            cause: None,
        }
    }

    /// The failure `error`, mended by `hint` rather than by what it says itself.
    pub fn because<E>(error: E, hint: impl Into<String>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        Self {
            message: error.to_string(),
            hint: hint.into(),
            cause: Some(error.into()),
        }
    }
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Hinted {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref()?.source()
    }
}

/// The failure, its causes and its hint, one a line.
pub(crate) fn rendered(error: &anyhow::Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(
        error
            .chain()
            .skip(1)
            .map(|cause| format!("  because: {cause}")),
    );
    lines.extend(
        error
            .chain()
            .find_map(hint)
            .map(|hint| format!("hint: {hint}")),
    );
    lines.join("\n")
}

fn hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<Hinted>() {
        return Some(error.hint.clone());
    }
    if let Some(error) = error.downcast_ref::<CannotBuild>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<SourceError>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<NotThis>() {
        return Some(error.hint());
    }
    if let Some(error) = error.downcast_ref::<ProfileError>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<VerifyError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<PlanError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<DistroError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return error.hint();
    }
    error.downcast_ref::<RunError>()?.hint()
}

/// Writes the failure to standard error.
pub fn report(error: &anyhow::Error) {
    crate::run::say(&rendered(error));
}

/// The exit status of a task whose failure is still to be reported.
pub fn exit_code(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        report(&error);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_follow_once_each_and_the_hint_is_last() {
        let error = Err::<(), _>(Hinted::new(
            "no libnftables",
            "apt-get install libnftables-dev",
        ))
        .context("the plan cannot be made")
        .unwrap_err();
        expect_test::expect![[r#"
            error: the plan cannot be made
              because: no libnftables
            hint: apt-get install libnftables-dev"#]]
        .assert_eq(&rendered(&error));
    }
}

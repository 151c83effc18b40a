//! Closing several things.

use std::fmt;

use super::{Driver, Error};

/// Every error that closing gave, in order.
#[derive(Debug, thiserror::Error)]
pub struct CloseErrors(Vec<(usize, Error)>);

impl CloseErrors {
    /// The place of each driver that did not close, and why.
    pub fn iter(&self) -> impl Iterator<Item = &(usize, Error)> {
        self.0.iter()
    }
}

impl fmt::Display for CloseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, (index, error)) in self.0.iter().enumerate() {
            let separator = if count > 0 { "; " } else { "" };
            write!(f, "{separator}closing driver {index}: {error}")?;
        }
        Ok(())
    }
}

/// Closes all drivers, whatever becomes of the others.
///
/// # Errors
/// Every error, not the first.
pub fn close_all<'a>(drivers: impl IntoIterator<Item = &'a dyn Driver>) -> Result<(), CloseErrors> {
    let closed = drivers.into_iter().map(Driver::close).enumerate();
    let errors: Vec<_> = closed
        .filter_map(|(index, closed)| closed.err().map(|error| (index, error)))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CloseErrors(errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FakeDriver;

    #[test]
    fn every_error_is_reported_and_the_others_are_closed() {
        let drivers = [FakeDriver::new(), FakeDriver::new(), FakeDriver::new()];
        drivers[0].close().expect("open");
        drivers[2].close().expect("open");
        let errors = close_all(drivers.iter().map(|driver| driver as &dyn Driver));
        let errors = errors.expect_err("two were closed before");
        assert_eq!(
            errors.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
            [0, 2]
        );
        assert_eq!(
            errors.to_string(),
            "closing driver 0: the driver is closed; closing driver 2: the driver is closed"
        );
        assert!(drivers[1].close().is_err(), "it was closed with the others");
    }
}

//! Dates as the package formats write them.

use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use plimsoll_spec::changelog::Release;

use crate::error::PackageError;

/// The moment of a release: noon of its day (UTC), or the source date for the one being built.
pub(crate) fn of(release: &Release, source_date_epoch: u32) -> Result<Zoned, PackageError> {
    let Some(date) = &release.date else {
        return Timestamp::from_second(i64::from(source_date_epoch))
            .map(|moment| moment.to_zoned(TimeZone::UTC))
            .map_err(|source| PackageError::Epoch {
                epoch: source_date_epoch,
                source,
            });
    };
    // Noon: the same day in every time zone that rpm may print it in.
    date.parse::<Date>()
        .and_then(|day| day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC))
        .map_err(|source| PackageError::Date {
            date: date.clone(),
            version: release.version.clone(),
            source,
        })
}

/// As a Debian changelog has it (RFC 2822): `Sat, 31 Jan 2026 12:00:00 +0000`.
pub(crate) fn debian(moment: &Zoned, epoch: u32) -> Result<String, PackageError> {
    rfc2822::to_string(moment).map_err(|source| PackageError::Epoch { epoch, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(date: Option<&str>) -> Release {
        Release {
            version: "0.1.0".into(),
            date: date.map(str::to_owned),
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_release_without_a_day_takes_the_source_date() {
        let moment = of(&release(None), 86_400).unwrap();
        assert_eq!(
            debian(&moment, 86_400).unwrap(),
            "Fri, 2 Jan 1970 00:00:00 +0000"
        );
    }

    #[test]
    fn a_day_becomes_its_noon() {
        let moment = of(&release(Some("2026-01-31")), 0).unwrap();
        assert_eq!(
            debian(&moment, 0).unwrap(),
            "Sat, 31 Jan 2026 12:00:00 +0000"
        );
    }

    #[test]
    fn a_day_that_does_not_exist_is_named() {
        let error = of(&release(Some("2026-02-31")), 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "changelog date \"2026-02-31\" of release 0.1.0 is not a day such as 2026-01-31"
        );
    }
}

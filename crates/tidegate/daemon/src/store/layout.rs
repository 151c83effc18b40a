//! The version of the layout, and how a database of an older one comes to it.

use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};

use super::DURABILITY;
use super::error::Fault;

pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const VERSION: &str = "version";

/// The layout of 0.1.0.
const FIRST: u64 = 1;

/// Rewrites the tables of one layout as those of the next.
pub(super) type Migration = fn(&WriteTransaction) -> Result<(), Fault>;

/// The first one makes layout 2 of layout 1, and so on. A new field of a row that has a default needs none: an older
/// daemon ignores it. A field that is renamed or has another meaning needs one; it reads rows through types of the old
/// layout, which are kept with it.
pub(super) const MIGRATIONS: &[Migration] = &[];

/// Brings a database to the newest layout, or leaves it as it is. `make` makes the tables that are not there.
///
/// # Errors
/// When a newer daemon wrote it, or a migration fails.
pub(super) fn bring_up(
    database: &Database,
    migrations: &[Migration],
    make: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
) -> Result<(), Fault> {
    write_with(database, |to| {
        let newest = FIRST + migrations.len() as u64;
        let found = to
            .open_table(META)?
            .get(VERSION)?
            .map(|found| found.value());
        for migrate in missing(found.unwrap_or(newest), migrations)? {
            migrate(to)?;
        }
        if found != Some(newest) {
            to.open_table(META)?.insert(VERSION, newest)?;
        }
        make(to)
    })
}

/// The migrations from a layout to the newest.
fn missing(found: u64, migrations: &[Migration]) -> Result<&[Migration], Fault> {
    let done = usize::try_from(found.saturating_sub(FIRST)).unwrap_or(usize::MAX);
    migrations.get(done..).ok_or(Fault::Newer {
        found,
        known: FIRST + migrations.len() as u64,
    })
}

/// One transaction: all of `work`, or nothing of it.
pub(super) fn write_with<T>(
    database: &Database,
    work: impl FnOnce(&WriteTransaction) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(DURABILITY)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

//! The tables of the database and what is in their rows.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `meta` | `version` | version of this layout |
//! | `meta` | `next-number` | [`State::next_number`] |
//! | `meta` | `identity` | the [`StateId`], which 0.1.0 does not write |
//! | `meta` | `global-id` | [`State::global_id`] |
//! | `networks` | name | [`NetworkRow`] as JSON |
//! | `endpoints` | name | [`EndpointRow`] as JSON |
//! | `sysctls` | path below /proc/sys | the value before the daemon changed it; 0.1.0 does not know the table |
//! | `waiting` | name | [`WaitingRow`] as JSON; 0.1.0 does not know the table |
//!
//! Rows are types of their own: renaming a field in the API or the model changes no row.

use std::collections::BTreeMap;

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_model::{Change, Endpoint, GlobalId, Name, Network, State, StateId};

use super::endpoint_row::EndpointRow;
use super::error::Fault;
use super::layout::{self, META, write_with};
use super::network_row::NetworkRow;
use super::waiting_row::WaitingRow;

const NETWORKS: Rows = Rows {
    kind: "network",
    table: TableDefinition::new("networks"),
};
const ENDPOINTS: Rows = Rows {
    kind: "endpoint",
    table: TableDefinition::new("endpoints"),
};

/// Key of the host's global ID.
const GLOBAL_ID: &str = "global-id";

const WAITING: Rows = Rows {
    kind: "waiting endpoint",
    table: TableDefinition::new("waiting"),
};

/// A table of objects, each as JSON under its name.
struct Rows {
    kind: &'static str,
    table: TableDefinition<'static, &'static str, &'static [u8]>,
}

/// Makes the tables of a new database, brings those of an older layout to the newest, and refuses one that a newer daemon
/// wrote.
pub(super) fn prepare(database: &Database) -> Result<(), Fault> {
    layout::bring_up(database, layout::MIGRATIONS, |to| {
        to.open_table(NETWORKS.table)?;
        to.open_table(ENDPOINTS.table)?;
        to.open_table(WAITING.table)?;
        to.open_table(SYSCTLS)?;
        Ok(())
    })
}

/// The identity of the database: `known`, or the one that it has, or a new one. It is written if it is another.
pub(super) fn identify(database: &Database, known: Option<StateId>) -> Result<StateId, Fault> {
    let found = {
        let meta = database.begin_read()?.open_table(META)?;
        meta.get("identity")?.map(|id| StateId(id.value()))
    };
    let id = match known.or(found) {
        Some(id) => id,
        None => StateId(
            getrandom::u64()
                .map_err(|error| redb::StorageError::Io(std::io::Error::other(error)))?,
        ),
    };
    if found != Some(id) {
        write_with(database, |to| {
            to.open_table(META)?.insert("identity", id.0)?;
            Ok(())
        })?;
    }
    Ok(id)
}

/// Values that sysctls had before the daemon changed them, by path below /proc/sys.
const SYSCTLS: TableDefinition<&str, &str> = TableDefinition::new("sysctls");

/// Reads these values.
pub(super) fn sysctls(database: &Database) -> Result<BTreeMap<String, String>, Fault> {
    let table = database.begin_read()?.open_table(SYSCTLS)?;
    let mut sysctls = BTreeMap::new();
    for row in table.iter()? {
        let (path, value) = row?;
        sysctls.insert(path.value().to_owned(), value.value().to_owned());
    }
    Ok(sysctls)
}

/// Makes the database hold these values and no others.
pub(super) fn set_sysctls(
    database: &Database,
    sysctls: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    write_with(database, |to| {
        to.delete_table(SYSCTLS)?;
        let mut table = to.open_table(SYSCTLS)?;
        for (path, value) in sysctls {
            table.insert(path.as_str(), value.as_str())?;
        }
        Ok(())
    })
}

/// Reads everything.
pub(super) fn load(database: &Database) -> Result<State, Fault> {
    let from = database.begin_read()?;
    let next_number = from
        .open_table(META)?
        .get("next-number")?
        .map_or(0, |n| n.value());
    let mut state = State {
        // Written from a u32. A larger value means a damaged file, and wraps around harmlessly.
        next_number: next_number as u32,
        global_id: global_id(database)?.unwrap_or_default(),
        ..State::default()
    };
    NETWORKS.load(&from, |name, network: NetworkRow| {
        state.networks.insert(name, network.into());
    })?;
    ENDPOINTS.load(&from, |_, endpoint: EndpointRow| {
        state.endpoints.insert(endpoint.into());
    })?;
    WAITING.load(&from, |name, waiting: WaitingRow| {
        state.waiting.insert(name, waiting.into());
    })?;
    Ok(state)
}

/// Writes one change of `state`, which the database holds.
pub(super) fn write(database: &Database, state: &State, change: &Change) -> Result<(), Fault> {
    let next_number = state.number_after(change);
    write_with(database, |to| {
        write_rows(to, change)?;
        match next_number == state.next_number {
            true => Ok(()),
            false => set_number(to, next_number),
        }
    })
}

fn write_rows(to: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    match change {
        Change::All(changes) => changes.iter().try_for_each(|each| write_rows(to, each)),
        // Its numbers are in that of the next interface.
        Change::SkipNumbers(_) => Ok(()),
        Change::AddNetwork(network) => insert_network(to, network),
        Change::ReplaceNetwork { after, .. } => insert_network(to, after),
        Change::RemoveNetwork(network) => NETWORKS.remove(to, &network.name),
        Change::AddEndpoint(endpoint) => insert_endpoint(to, endpoint),
        Change::ReplaceEndpoint { after, .. } => insert_endpoint(to, after),
        Change::RemoveEndpoint(endpoint) => ENDPOINTS.remove(to, &endpoint.name),
        Change::Wait(name, waiting) => WAITING.insert(to, name, &WaitingRow::from(waiting.clone())),
        Change::StopWaiting(name) => WAITING.remove(to, name),
    }
}

fn insert_network(to: &WriteTransaction, network: &Network) -> Result<(), Fault> {
    let row = NetworkRow::from(network.clone());
    NETWORKS.insert(to, &network.name, &row)
}

fn insert_endpoint(to: &WriteTransaction, endpoint: &Endpoint) -> Result<(), Fault> {
    let row = EndpointRow::from(endpoint.clone());
    ENDPOINTS.insert(to, &endpoint.name, &row)
}

/// Makes the database hold `state` and nothing else.
pub(super) fn replace(database: &Database, state: &State) -> Result<(), Fault> {
    write_with(database, |to| {
        to.delete_table(NETWORKS.table)?;
        to.delete_table(ENDPOINTS.table)?;
        to.delete_table(WAITING.table)?;
        to.open_table(NETWORKS.table)?;
        to.open_table(ENDPOINTS.table)?;
        to.open_table(WAITING.table)?;
        for network in state.networks.values() {
            insert_network(to, network)?;
        }
        for endpoint in state.endpoints.values() {
            insert_endpoint(to, endpoint)?;
        }
        for (name, waiting) in &state.waiting {
            WAITING.insert(to, name, &WaitingRow::from(waiting.clone()))?;
        }
        set_number(to, state.next_number)?;
        insert_global_id(to, state.global_id)
    })
}

/// The host's global ID; none if it was never written.
pub(super) fn global_id(database: &Database) -> Result<Option<GlobalId>, Fault> {
    let found = database.begin_read()?.open_table(META)?.get(GLOBAL_ID)?;
    Ok(found.map(|number| GlobalId::new(number.value())))
}

/// Writes the host's global ID.
pub(super) fn set_global_id(database: &Database, id: GlobalId) -> Result<(), Fault> {
    write_with(database, |to| insert_global_id(to, id))
}

fn insert_global_id(to: &WriteTransaction, id: GlobalId) -> Result<(), Fault> {
    to.open_table(META)?.insert(GLOBAL_ID, id.number())?;
    Ok(())
}

fn set_number(to: &WriteTransaction, number: u32) -> Result<(), Fault> {
    to.open_table(META)?
        .insert("next-number", u64::from(number))?;
    Ok(())
}

impl Rows {
    /// Reads the rows one by one.
    fn load<T: DeserializeOwned>(
        &self,
        from: &ReadTransaction,
        mut keep: impl FnMut(Name, T),
    ) -> Result<(), Fault> {
        let table = from.open_table(self.table)?;
        for row in table.iter()? {
            let (key, value) = row?;
            let key = key.value();
            let fault = |source| Fault::Row {
                kind: self.kind,
                key: key.to_owned(),
                source,
            };
            let name = key
                .parse()
                .map_err(|e| fault(serde::de::Error::custom(e)))?;
            keep(name, serde_json::from_slice(value.value()).map_err(fault)?);
        }
        Ok(())
    }

    fn insert<T: Serialize>(
        &self,
        to: &WriteTransaction,
        name: &Name,
        value: &T,
    ) -> Result<(), Fault> {
        let json = serde_json::to_vec(value).map_err(|source| Fault::Row {
            kind: self.kind,
            key: name.to_string(),
            source,
        })?;
        to.open_table(self.table)?
            .insert(name.as_str(), json.as_slice())?;
        Ok(())
    }

    fn remove(&self, to: &WriteTransaction, name: &Name) -> Result<(), Fault> {
        to.open_table(self.table)?.remove(name.as_str())?;
        Ok(())
    }
}

#[cfg(test)]
pub(super) fn set_version(database: &Database, version: u64) -> Result<(), Fault> {
    write_with(database, |to| {
        to.open_table(META)?.insert("version", version)?;
        Ok(())
    })
}

#[cfg(test)]
pub(super) fn set_only_number(database: &Database, number: u32) -> Result<(), Fault> {
    write_with(database, |to| set_number(to, number))
}

#[cfg(test)]
pub(super) fn set_raw_network(database: &Database, key: &str, value: &[u8]) -> Result<(), Fault> {
    set_raw(database, &NETWORKS, key, value)
}

#[cfg(test)]
pub(super) fn set_raw_endpoint(database: &Database, key: &str, value: &[u8]) -> Result<(), Fault> {
    set_raw(database, &ENDPOINTS, key, value)
}

#[cfg(test)]
fn set_raw(database: &Database, rows: &Rows, key: &str, value: &[u8]) -> Result<(), Fault> {
    write_with(database, |to| {
        to.open_table(rows.table)?.insert(key, value)?;
        Ok(())
    })
}

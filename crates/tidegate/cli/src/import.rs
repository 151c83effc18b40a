//! Imports of documents, and of the networks of container engines.

mod sources;

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use tidegate_api::calls::{CheckImport, ImportAll, ListNetworks};
use tidegate_api::{Body, Export, Imported, Network, NetworkView};
use tidegate_args::{ImportArgs, ImportSource};
use tidegate_client::{ClientError, read};
use tidegate_engines::moved::{Engine, Moved};
use tidegate_model::Name;

use crate::daemon::Daemon;
use crate::error::CommandError;
use crate::output::Output;
use crate::view::{self, LeftView};

/// Imports what the command line says.
pub(crate) async fn import(
    args: ImportArgs,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    let engine = match &args.source {
        ImportSource::File(file) => return import_file(file, &args, daemon, output).await,
        ImportSource::Docker => Engine::Docker,
        ImportSource::Podman => Engine::Podman,
        ImportSource::Cni => Engine::Cni,
    };
    import_engine(engine, &args, daemon, output).await
}

async fn import_file(
    file: &Path,
    args: &ImportArgs,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    if args.from.is_some() || !args.networks.is_empty() {
        return Err(CommandError::WholeDocument {
            path: file.to_owned(),
        });
    }
    let text = sources::read(file)?;
    let document: Export = serde_json::from_slice(&text).map_err(|source| CommandError::Parse {
        path: file.to_owned(),
        source,
    })?;
    let made = match args.dry_run {
        true => daemon.ask::<CheckImport>(Body(document)).await?,
        false => daemon.ask::<ImportAll>(Body(document)).await?,
    };
    output.tell(&made);
    output.show(made, view::imported)
}

async fn import_engine(
    engine: Engine,
    args: &ImportArgs,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    let documents = sources::documents(engine, args.from.as_deref())?;
    let moved = engine.read(&documents).map_err(CommandError::Engine)?;
    let mut moved = moved.only(&args.networks).map_err(CommandError::Engine)?;
    if args.dry_run {
        return show_plan(engine, args, moved, daemon, output).await;
    }
    let existing = existing(daemon).await?;
    let there = moved.take_existing(&existing);
    tell(&moved);
    let made = match moved.networks.is_empty() {
        true => json!({ "networks": [], "attached": [], "waiting": [] }),
        false => {
            let made = daemon.ask::<ImportAll>(Body(moved.document())).await;
            made.map_err(|error| CommandError::Moving {
                command: command_line(engine, args),
                error,
            })?
        }
    };
    output.tell(&made);
    output.show(with_others(made, &there, &moved), view::moved)
}

/// The daemon's answer with what it was not asked for.
fn with_others(mut made: Value, there: &[Name], moved: &Moved) -> Value {
    let left = moved.left.iter().map(|left| LeftView {
        name: left.name.clone(),
        why: left.why.message.clone(),
    });
    made["already-there"] = json!(there);
    made["left"] = json!(left.collect::<Vec<LeftView>>());
    made
}

/// Shows what would be made. Whether it could be made now is told besides: the engine may still have the subnets.
async fn show_plan(
    engine: Engine,
    args: &ImportArgs,
    mut moved: Moved,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    let existing = existing(daemon).await;
    let there = match &existing {
        Ok(existing) => moved.take_existing(existing),
        Err(_) => Vec::new(),
    };
    tell(&moved);
    let document = moved.document();
    output.show(json!(document), |document: &Export| {
        let commands = view::Commands {
            keep: command_line(engine, args),
            moved: &moved,
        };
        view::plan(document, &there, &commands)
    })?;
    let checked = match existing {
        Ok(_) if document.networks.is_empty() => return Ok(()),
        Ok(_) => daemon.ask::<CheckImport>(Body(document)).await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(would) => {
            let would: Imported = read(would)?;
            output.tell(&json!({ "warnings": would.warnings }));
        }
        Err(ClientError::Refused(refusal)) => {
            let why = refusal.message.strip_prefix("nothing was imported: ");
            let why = why.unwrap_or(&refusal.message);
            say(&format!(
                "warning: as the host is now, it would be refused: {why}"
            ));
        }
        Err(error) => say(&format!("warning: not checked against the host: {error}")),
    }
    Ok(())
}

/// The networks that Tidegate has.
async fn existing(daemon: &Daemon) -> Result<Vec<Network>, ClientError> {
    let views: Vec<NetworkView> = read(daemon.ask::<ListNetworks>(()).await?)?;
    Ok(views.into_iter().map(|view| view.network).collect())
}

/// The command that writes the networks as a document.
fn command_line(engine: Engine, args: &ImportArgs) -> String {
    let mut words = vec!["tidegate import".to_owned(), engine.as_str().to_owned()];
    words.extend(args.networks.iter().cloned());
    let from = args
        .from
        .iter()
        .map(|from| format!("--from {}", from.display()));
    words.extend(from);
    words.join(" ")
}

/// Tells on standard error what is lost, and what stays the engine's.
fn tell(moved: &Moved) {
    for left in &moved.left {
        say(&format!(
            "note: network {} is left: {}",
            left.name, left.why.message
        ));
    }
    for network in &moved.networks {
        for warning in &network.warnings {
            say(&format!(
                "warning: network {}: {warning}",
                network.request.name
            ));
        }
    }
}

/// The answer counts, not what is said of it.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

//! What a profile has stripped: `strip` of *The Cargo Book*, "Profiles".

use toml::{Table, Value};

use super::ConfigFile;

/// The `strip` of a profile as the project sets it, in the words of rustc's `-C strip`: `symbols`, `debuginfo` or `none`. None where
/// it sets none. `files` are Cargo's configuration files, the nearest first; they come before the manifest of the workspace.
#[must_use]
pub fn strip(files: &[ConfigFile], manifest: &Table, profile: &str) -> Option<String> {
    let mut tables: Vec<&Table> = files.iter().map(|file| &file.table).collect();
    tables.push(manifest);
    let value = |profile: &str, key: &str| {
        let mut set = tables.iter().filter_map(|table| {
            let profile = table.get("profile")?.get(profile)?;
            profile.get(key).cloned()
        });
        set.next()
    };
    let mut name = profile.to_owned();
    // Cargo refuses a profile that inherits from itself.
    for _ in 0..=tables.iter().map(|table| count(table)).sum::<usize>() {
        if let Some(strip) = value(&name, "strip") {
            return Some(in_words(&strip));
        }
        name = value(&name, "inherits")?.as_str()?.to_owned();
    }
    None
}

/// How many profiles a file has.
fn count(table: &Table) -> usize {
    let profiles = table.get("profile").and_then(Value::as_table);
    profiles.map_or(0, Table::len)
}

fn in_words(strip: &Value) -> String {
    match strip {
        Value::Boolean(true) => "symbols".to_owned(),
        Value::Boolean(false) => "none".to_owned(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(config: &str, manifest: &str, profile: &str) -> Option<String> {
        let file = ConfigFile::parse(Path::new("/w/.cargo/config.toml"), true, config);
        let manifest = manifest.parse().expect("TOML");
        strip(&[file.expect("TOML")], &manifest, profile)
    }

    #[test]
    fn the_nearest_value_of_a_profile_counts() {
        let manifest = "[profile.release]\nstrip = true\n[profile.dev]\nstrip = \"none\"";
        let told = |config: &str, profile: &str| of(config, manifest, profile);
        assert_eq!(told("", "release").as_deref(), Some("symbols"));
        assert_eq!(told("", "dev").as_deref(), Some("none"));
        let nearer = "[profile.release]\nstrip = \"debuginfo\"";
        assert_eq!(told(nearer, "release").as_deref(), Some("debuginfo"));
        assert_eq!(of("", "[package]\nname = \"a\"", "release"), None);
        assert_eq!(of("", "[profile.release]\nlto = true", "release"), None);
    }

    #[test]
    fn a_profile_inherits_what_it_does_not_set() {
        let manifest = "[profile.release]\nstrip = false\n[profile.dist]\ninherits = \"mid\"\n\
                        [profile.mid]\ninherits = \"release\"\n[profile.loop]\ninherits = \"loop\"";
        assert_eq!(of("", manifest, "dist").as_deref(), Some("none"));
        let own = "[profile.mid]\nstrip = \"symbols\"";
        assert_eq!(of(own, manifest, "dist").as_deref(), Some("symbols"));
        assert_eq!(of("", manifest, "loop"), None);
    }
}

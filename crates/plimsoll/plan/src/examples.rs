//! Examples of the files, with every key.

/// A `packaging/dist.toml`. It names a package format `ipk`, which the project of the example adds.
pub const DIST: &str = include_str!("../examples/dist.toml");

/// A `packaging/distros.toml` for the same project.
pub const DISTROS: &str = include_str!("../examples/distros.toml");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{check, config, distro, fixtures};

    #[test]
    fn the_examples_are_sound_and_fit_each_other() {
        let formats = fixtures::formats();
        let mut names = formats.names();
        names.push("ipk".parse().expect("a name"));
        let path = Path::new("packaging/dist.toml");
        let config = config::parse(DIST, path, &names).expect("sound");
        assert_eq!(check::config(&config, &formats), []);
        let path = Path::new("packaging/distros.toml");
        let list = distro::parse(DISTROS, path, &formats);
        let list = list.expect("sound");
        let fit = distro::check_names(&list, &config, path, DISTROS);
        fit.expect("sound");
    }
}

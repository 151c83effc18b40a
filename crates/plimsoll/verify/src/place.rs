//! Where a package lives while it is verified. Pure.

use std::fmt;
use std::str::FromStr;

use plimsoll_probe::Family;

use super::Place;
use plimsoll_build::engine::Engine;
use plimsoll_spec::FormatName;

/// Which place is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaceRequest {
    /// The best one that can be had.
    #[default]
    Auto,
    /// This one, or an error.
    Exactly(Chosen),
}

/// A place, and what it is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// [`Place::Booted`].
    Booted,
    /// [`Place::Container`], by an engine.
    Container(Engine),
    /// [`Place::Chroot`].
    Chroot,
    /// [`Place::Profile`].
    Profile,
}

impl Chosen {
    /// What the report calls it.
    #[must_use]
    pub fn place(self) -> Place {
        match self {
            Self::Booted => Place::Booted,
            Self::Container(_) => Place::Container,
            Self::Chroot => Place::Chroot,
            Self::Profile => Place::Profile,
        }
    }
}

/// A name that is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown place {0:?}: expected auto, booted, docker, podman, chroot or profile")]
pub struct UnknownPlace(String);

impl FromStr for PlaceRequest {
    type Err = UnknownPlace;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            "booted" => Ok(Self::Exactly(Chosen::Booted)),
            "docker" => Ok(Self::Exactly(Chosen::Container(Engine::Docker))),
            "podman" => Ok(Self::Exactly(Chosen::Container(Engine::Podman))),
            "chroot" => Ok(Self::Exactly(Chosen::Chroot)),
            "profile" => Ok(Self::Exactly(Chosen::Profile)),
            name => Err(UnknownPlace(name.to_owned())),
        }
    }
}

impl fmt::Display for PlaceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Exactly(Chosen::Booted) => "booted",
            Self::Exactly(Chosen::Container(engine)) => engine.as_str(),
            Self::Exactly(Chosen::Chroot) => "chroot",
            Self::Exactly(Chosen::Profile) => "profile",
        })
    }
}

/// What this host has to make systems with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// Why roots cannot be made and entered; none where they can.
    pub no_roots: Option<String>,
    /// Whether systemd-nspawn(1) is installed.
    pub nspawn: bool,
    /// The container engine that answers.
    pub engine: Option<Engine>,
}

/// Picks the place for a distribution's package: booted, else a container, else a chroot, else a
/// profile.
///
/// # Errors
/// Says why none, or not the one that was asked for, can be had.
pub fn choose(request: PlaceRequest, family: Family, means: &Means) -> Result<Chosen, String> {
    let roots = match (family.bootstrap, &means.no_roots) {
        (Some(_), None) => Ok(()),
        (Some(_), Some(why)) => Err(why.clone()),
        (None, _) => Err("clean systems can be made only for the Debian family".to_owned()),
    };
    let nspawn = || match means.nspawn {
        true => Ok(()),
        false => Err("systemd-nspawn is not installed".to_owned()),
    };
    let profile = match family.native_format == FormatName::RPM.as_str() {
        false => Err("profiles are for RPM distributions".to_owned()),
        true => means.no_roots.clone().map_or_else(nspawn, Err),
    };
    match request {
        PlaceRequest::Exactly(chosen) => match chosen {
            Chosen::Booted => roots.and_then(|()| nspawn()).map(|()| chosen),
            Chosen::Chroot => roots.map(|()| chosen),
            Chosen::Profile => profile.map(|()| chosen),
            Chosen::Container(engine) if means.engine == Some(engine) => Ok(chosen),
            Chosen::Container(engine) => Err(format!("{engine} does not answer")),
        },
        PlaceRequest::Auto => {
            let container = means.engine.map(Chosen::Container);
            match (&roots, nspawn(), container, &profile) {
                (Ok(()), Ok(()), _, _) => Ok(Chosen::Booted),
                (_, _, Some(container), _) => Ok(container),
                (Ok(()), Err(_), None, _) => Ok(Chosen::Chroot),
                (Err(_), _, None, Ok(())) => Ok(Chosen::Profile),
                (Err(roots), _, None, Err(_)) => {
                    Err(format!("{roots}, and no container engine answers"))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: Means = Means {
        no_roots: None,
        nspawn: true,
        engine: Some(Engine::Docker),
    };

    fn family(name: &str) -> Family {
        Family::named(name).expect("known")
    }

    fn auto(name: &str, means: &Means) -> Result<Chosen, String> {
        choose(PlaceRequest::Auto, family(name), means)
    }

    #[test]
    fn the_best_place_that_can_be_had_is_taken() {
        let docker = Chosen::Container(Engine::Docker);
        assert_eq!(auto("debian", &EVERYTHING), Ok(Chosen::Booted));
        assert_eq!(auto("rhel", &EVERYTHING), Ok(docker));
        let mut means = Means {
            nspawn: false,
            ..EVERYTHING
        };
        assert_eq!(auto("debian", &means), Ok(docker));
        means.engine = None;
        assert_eq!(auto("debian", &means), Ok(Chosen::Chroot));
        assert!(auto("fedora", &means).is_err(), "a profile is booted");
        means.nspawn = true;
        assert_eq!(auto("fedora", &means), Ok(Chosen::Profile));
    }

    #[test]
    fn a_requested_flavour_is_never_replaced() {
        let means = Means {
            engine: None,
            no_roots: Some("not root".into()),
            ..EVERYTHING
        };
        let podman = PlaceRequest::Exactly(Chosen::Container(Engine::Podman));
        assert_eq!(
            choose(podman, family("debian"), &means),
            Err("podman does not answer".into())
        );
        let booted = "booted".parse().expect("a place");
        assert_eq!(
            choose(booted, family("debian"), &means),
            Err("not root".into())
        );
        assert_eq!(
            auto("suse", &means).expect_err("nothing"),
            "clean systems can be made only for the Debian family, and no container \
             engine answers"
        );
    }
}

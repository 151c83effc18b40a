//! Which namespace the user means, as a path that the daemon can open.

use std::path::{Path, PathBuf};

use tidegate_args::NetnsArg;

use crate::error::CommandError;

/// Where `ip netns` keeps named namespaces (ip-netns(8)).
const NAMED: &str = "/run/netns";

/// The absolute path of a namespace's file.
pub(crate) fn path_of(namespace: &NetnsArg) -> Result<PathBuf, CommandError> {
    match (&namespace.netns, namespace.pid) {
        (Some(named), _) if is_name(named) => Ok(Path::new(NAMED).join(named)),
        (Some(path), _) => std::path::absolute(path).map_err(|source| CommandError::Netns {
            path: path.clone(),
            source,
        }),
        (None, pid) => {
            // The command line has exactly one of the two.
            let pid = pid.unwrap_or_default();
            Ok(format!("/proc/{pid}/ns/net").into())
        }
    }
}

/// Whether it is a name and no path: without a slash, as `ip netns` wants its names.
fn is_name(text: &Path) -> bool {
    let text = text.as_os_str().as_encoded_bytes();
    !text.contains(&b'/') && text != b"." && text != b".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn netns(text: &str) -> PathBuf {
        path_of(&NetnsArg {
            netns: Some(text.into()),
            pid: None,
        })
        .unwrap()
    }

    #[test]
    fn a_name_is_looked_up_where_ip_netns_keeps_them() {
        assert_eq!(netns("box"), Path::new("/run/netns/box"));
    }

    #[test]
    fn a_path_is_taken_from_where_the_user_is() {
        assert_eq!(netns("/var/run/netns/box"), Path::new("/var/run/netns/box"));
        assert_eq!(netns("./box"), std::env::current_dir().unwrap().join("box"));
    }

    #[test]
    fn a_process_is_found_by_its_number() {
        let namespace = NetnsArg {
            netns: None,
            pid: Some(4711),
        };
        assert_eq!(path_of(&namespace).unwrap(), Path::new("/proc/4711/ns/net"));
    }
}

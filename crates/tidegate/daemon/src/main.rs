//! `tidegated`, the Tidegate networking daemon.

use std::io::Write;
use std::process::ExitCode;

use tidegate_api::Warning;
use tidegate_args::{Daemon, Parsed, parse};
use tidegate_daemon::{StartError, check_config, inherited, listen, resolver, run, version};

fn main() -> ExitCode {
    #[cfg(feature = "libnftables")]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|it| it == tidegate_nft_drivers::LIBRARY_PROCESS)
    {
        // The daemon that started this process notices its end because the pipes close.
        return ExitCode::from(u8::from(tidegate_nft_drivers::serve_library().is_err()));
    }
    let mut words = std::env::args();
    if words.nth(1).is_some_and(|it| it == resolver::PROCESS) {
        return match resolver::serve(words.next().as_deref()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "the DNS process cannot start: {error}");
                ExitCode::from(2)
            }
        };
    }
    // First of all: it takes variables out of the environment.
    let handed_over = listen::handed_over();
    inherited::close(handed_over.as_ref().ok());
    let args = match parse::<Daemon>(std::env::args_os()) {
        Parsed::Run(args) => args,
        Parsed::Show(help) => {
            // A reader that went away has seen what it wanted.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Parsed::Wrong(mistake) => {
            let _ = mistake.print();
            return ExitCode::from(1);
        }
    };
    if args.version {
        let _ = std::io::stdout().write_all(version(&args).as_bytes());
        return ExitCode::SUCCESS;
    }
    if args.check_config {
        return match check_config(&args) {
            Ok((text, warnings)) => {
                let _ = writeln!(std::io::stdout(), "{text}");
                for Warning { what, hint } in warnings {
                    let _ = writeln!(std::io::stderr(), "warning: {what}\nhint: {hint}");
                }
                ExitCode::SUCCESS
            }
            Err(faults) => {
                for fault in faults {
                    let _ = writeln!(std::io::stderr(), "{fault}");
                }
                ExitCode::from(1)
            }
        };
    }
    let outcome = handed_over
        .map_err(StartError::from)
        .and_then(|sockets| run(&args, sockets));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for failure in error.failures() {
                let _ = writeln!(std::io::stderr(), "{failure}");
            }
            ExitCode::from(error.status())
        }
    }
}

//! The thread that owns a context.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::context::{Context, Format, Outcome};
use crate::{OpenError, descriptors};

/// A context on a thread of its own. Any thread may use it; commands are carried out in the order in
/// which they were handed in.
#[derive(Debug)]
pub struct Owner {
    requests: Mutex<Option<Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    has_json: Result<bool, String>,
    version: Option<String>,
}

/// The thread has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// Before it took the command: nothing was done.
    #[error("the thread of libnftables has ended")]
    Before,
    /// While it carried the command out.
    #[error("the thread of libnftables ended while it carried a command out")]
    During,
}

enum Request {
    Run {
        commands: String,
        dry_run: bool,
        reply: Reply,
    },
    List {
        command: String,
        format: Format,
        reply: Reply,
    },
}

type Reply = Sender<io::Result<Outcome>>;

impl Owner {
    /// Starts the thread and opens a context in a network namespace, or in the caller's.
    ///
    /// # Errors
    /// When the namespace cannot be entered or no context can be opened there.
    pub fn open(namespace: Option<Arc<OwnedFd>>) -> Result<Self, OpenError> {
        let (requests, inbox) = channel();
        let (opened, outcome) = channel();
        let work = move || {
            // The namespace's descriptor is gone before `prepare` returns.
            let context = prepare(namespace).and_then(|()| Context::new());
            let about = context.map(|mut context| {
                let about = (context.has_json(), context.version());
                (context, about)
            });
            match about {
                Ok((context, about)) => {
                    if opened.send(Ok(about)).is_ok() {
                        serve(context, &inbox);
                    }
                }
                // The receiver waits for exactly this.
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new()
            .name("libnftables".to_owned())
            .spawn(work);
        let thread = thread.map_err(OpenError::Thread)?;
        let (has_json, version) = outcome.recv().map_err(|_| OpenError::Context)??;
        let (requests, thread) = (Mutex::new(Some(requests)), Mutex::new(Some(thread)));
        Ok(Self {
            requests,
            thread,
            has_json,
            version,
        })
    }

    /// Whether JSON is compiled into the library.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn has_json(&self) -> Result<bool, &str> {
        self.has_json.as_ref().copied().map_err(String::as_str)
    }

    /// The release of the library, if it could be had.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// As [`Context::run`].
    ///
    /// # Errors
    /// [`Gone`] on the outside when the thread has ended, as `Context::run` on the inside.
    pub fn run(&self, commands: String, dry_run: bool) -> Result<io::Result<Outcome>, Gone> {
        self.ask(|reply| Request::Run {
            commands,
            dry_run,
            reply,
        })
    }

    /// As [`Context::list`].
    ///
    /// # Errors
    /// [`Gone`] on the outside when the thread has ended, as `Context::list` on the inside.
    pub fn list(&self, command: String, format: Format) -> Result<io::Result<Outcome>, Gone> {
        self.ask(|reply| Request::List {
            command,
            format,
            reply,
        })
    }

    /// Ends the thread after the commands that were handed in, and waits for it.
    ///
    /// # Errors
    /// When it is closed already, or had panicked.
    pub fn close(&self) -> Result<(), Gone> {
        lock(&self.requests).take().ok_or(Gone::Before)?;
        match lock(&self.thread).take().map(JoinHandle::join) {
            Some(Err(_panic)) => Err(Gone::During),
            _ => Ok(()),
        }
    }

    fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<io::Result<Outcome>, Gone> {
        let (reply, answer) = channel();
        let sent = lock(&self.requests)
            .as_ref()
            .map(|requests| requests.send(request(reply)));
        match sent {
            Some(Ok(())) => answer.recv().map_err(|_| Gone::During),
            Some(Err(_)) | None => Err(Gone::Before),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Whoever wants to hear of errors calls `close`.
        let _ = self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this new thread one that a context can live on.
fn prepare(namespace: Option<Arc<OwnedFd>>) -> Result<(), OpenError> {
    if let Some(namespace) = namespace {
        let kind = Some(LinkNameSpaceType::Network);
        let moved = move_into_link_name_space(namespace.as_fd(), kind);
        moved.map_err(|errno| OpenError::Namespace(errno.into()))?;
    }
    // SAFETY: this is the beginning of the thread. The only descriptor that it was given is the
    // namespace's, which is dropped by now; requests and replies hold none.
    unsafe { descriptors::isolate() }.map_err(OpenError::Descriptors)
}

/// Carries requests out until nobody is left to ask.
fn serve(mut context: Context, inbox: &Receiver<Request>) {
    // An answer that nobody waits for any more is dropped.
    for request in inbox {
        match request {
            Request::Run {
                commands,
                dry_run,
                reply,
            } => {
                drop(reply.send(context.run(&commands, dry_run)));
            }
            Request::List {
                command,
                format,
                reply,
            } => {
                drop(reply.send(context.list(&command, format)));
            }
        }
    }
}

//! Work that may wait for a lock, the kernel or a disk. One thread serves all connections, and must not wait.

use tokio::task::spawn_blocking;

use super::answer::Denied;

/// Does the work on a thread of its own. It completes even if the client disconnects.
///
/// # Errors
/// If the work panicked.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Denied> {
    spawn_blocking(work).await.map_err(|_| Denied::panicked())
}

//! Answers: the JSON of a value, or of the [`Refusal`] that says why there is none.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use error_hint::Failure;
use tidegate_api::{Refusal, RefusalCode, RefusalKind};
use tidegate_link::MORE_DESCRIPTORS;

use crate::engine::EngineError;

/// What a call answers.
pub(super) type Answer<T> = Result<Json<T>, Denied>;

/// A refusal with its status.
#[derive(Debug)]
pub(super) struct Denied {
    status: StatusCode,
    refusal: Refusal,
}

/// Turns the outcome of a call into its answer.
pub(super) fn answer<T>(result: Result<T, EngineError>) -> Answer<T> {
    result.map(Json).map_err(|error| {
        let refusal = error.refusal();
        if !refusal.kind.is_users() {
            tracing::error!(causes = ?refusal.causes, "{}", refusal.message);
        }
        Denied {
            status: status_of(refusal.kind),
            refusal,
        }
    })
}

fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Denied {
    /// Why, for those who read no JSON of the API.
    pub(super) fn failure(self) -> Failure {
        self.refusal.into()
    }

    /// A request that is not one of the API's.
    pub(super) fn invalid(status: StatusCode, message: String, hint: Option<String>) -> Self {
        let kind = RefusalKind::Invalid;
        Self {
            status,
            refusal: Refusal {
                kind,
                code: RefusalCode::Invalid,
                message,
                causes: Vec::new(),
                hint,
            },
        }
    }

    pub(super) fn not_found() -> Self {
        let hint = "use a client of the same version as the daemon";
        let message = "no such path in the API".into();
        Self::invalid(StatusCode::NOT_FOUND, message, Some(hint.into()))
    }

    /// A client that the mode of the socket file lets in, but that may not use the API.
    pub(super) fn not_permitted() -> Self {
        let hint = "run as root, or join the socket's group (`tidegate`, if a package set it up); its members have root's \
                    power over the network";
        let message = "this user may not use the daemon".into();
        let mut denied = Self::invalid(StatusCode::FORBIDDEN, message, Some(hint.into()));
        denied.refusal.code = RefusalCode::NotPermitted;
        denied
    }

    /// Somebody who has as many connections as anybody may.
    pub(super) fn crowded() -> Self {
        Self::unavailable("too many connections are open, of this user or of all users")
    }

    /// Somebody who listens to events as often as anybody may.
    pub(super) fn too_many_listeners() -> Self {
        Self::unavailable("too many clients listen to events already, of this user or of all users")
    }

    /// Somebody who would get one of the reserved descriptors.
    pub(super) fn short_of_descriptors() -> Self {
        let message = "the daemon has few file descriptors left, and reserves them for root";
        Self::not_now(message, MORE_DESCRIPTORS)
    }

    /// Somebody whose command did not end before the daemon.
    pub(super) fn stopping() -> Self {
        let message = "the daemon is being stopped, and the command has not ended";
        let hint = "start tidegated again, and see with `tidegate network ls` or `tidegate endpoint ls` whether it was done";
        Self::not_now(message, hint)
    }

    fn unavailable(message: &str) -> Self {
        let hint =
            "close connections that are not needed and try again; `ss -xp` shows the processes";
        Self::not_now(message, hint)
    }

    fn not_now(message: &str, hint: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            refusal: Refusal {
                kind: RefusalKind::Conflict,
                code: RefusalCode::TryAgain,
                message: message.to_owned(),
                causes: Vec::new(),
                hint: Some(hint.to_owned()),
            },
        }
    }

    pub(super) fn not_allowed() -> Self {
        let message = "no such method for this path of the API".into();
        Self::invalid(StatusCode::METHOD_NOT_ALLOWED, message, None)
    }

    /// An internal error. The state of the engine did not change.
    pub(super) fn panicked() -> Self {
        let refusal = Refusal {
            kind: RefusalKind::Failed,
            code: RefusalCode::Failed,
            message: "the daemon has an internal error".into(),
            causes: Vec::new(),
            hint: Some("restart tidegated, and report what it logged".into()),
        };
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            refusal,
        }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.refusal)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            // For want of places: this one is free then.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}

//! What comes with a call, checked before it reaches the engine.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tidegate_model::Name;
use tokio::time::timeout;

use super::answer::Denied;

/// How long a client may take to send a body.
const BODY: Duration = Duration::from_secs(10);

/// A body of JSON.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Denied;

    async fn from_request(request: Request, state: &S) -> Result<Self, Denied> {
        match timeout(BODY, Json::from_request(request, state)).await {
            Ok(Ok(Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(refused(&rejection)),
            Err(_) => {
                let message = format!("the request was not sent whole within {BODY:?}");
                Err(Denied::invalid(StatusCode::REQUEST_TIMEOUT, message, None))
            }
        }
    }
}

fn refused(rejection: &JsonRejection) -> Denied {
    // The text of the rejection repeats its source; the innermost says what is wrong where.
    let text = match rejection {
        JsonRejection::JsonDataError(e) => e.body_text(),
        JsonRejection::JsonSyntaxError(e) => e.body_text(),
        other => other.body_text(),
    };
    Denied::invalid(
        rejection.status(),
        format!("the request is not understood: {text}"),
        None,
    )
}

/// What follows the question mark.
pub(super) struct InQuery<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for InQuery<T> {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Denied::invalid(
                rejection.status(),
                format!("the query is not understood: {}", rejection.body_text()),
                None,
            )),
        }
    }
}

/// The name of a network or endpoint in the path.
pub(super) struct NameInPath(pub(super) Name);

impl<S: Send + Sync> FromRequestParts<S> for NameInPath {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let invalid = |message, hint| Denied::invalid(StatusCode::BAD_REQUEST, message, hint);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| invalid(rejection.body_text(), None))?;
        match text.parse() {
            Ok(name) => Ok(Self(name)),
            Err(e) => {
                let e: tidegate_model::Invalid = e;
                Err(invalid(e.to_string(), Some(e.hint.into())))
            }
        }
    }
}

//! What comes with a call, checked before it reaches the engine.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tidegate_api::{Body, Query};
use tidegate_model::Name;
use tokio::time::timeout;

use super::answer::Denied;

/// How long a client may take to send a body.
const BODY: Duration = Duration::from_secs(10);

/// What is given with a call, read out of a request.
pub(super) trait Extract: Sized {
    /// Reads it.
    fn extract(request: Request) -> impl Future<Output = Result<Self, Denied>> + Send;
}

impl Extract for () {
    async fn extract(_: Request) -> Result<Self, Denied> {
        Ok(())
    }
}

impl Extract for Name {
    async fn extract(request: Request) -> Result<Self, Denied> {
        name(&mut request.into_parts().0).await
    }
}

impl<T: DeserializeOwned> Extract for Body<T> {
    async fn extract(request: Request) -> Result<Self, Denied> {
        body(request).await.map(Self)
    }
}

impl<T: DeserializeOwned + Send> Extract for (Name, Body<T>) {
    async fn extract(request: Request) -> Result<Self, Denied> {
        let (mut parts, sent) = request.into_parts();
        let name = name(&mut parts).await?;
        Ok((name, Body(body(Request::from_parts(parts, sent)).await?)))
    }
}

impl<T: DeserializeOwned + Send> Extract for (Name, Query<T>) {
    async fn extract(request: Request) -> Result<Self, Denied> {
        let mut parts = request.into_parts().0;
        let name = name(&mut parts).await?;
        Ok((name, Query(query(&mut parts).await?)))
    }
}

/// A body of JSON.
async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Denied> {
    match timeout(BODY, Json::from_request(request, &())).await {
        Ok(Ok(Json(value))) => Ok(value),
        Ok(Err(rejection)) => Err(refused(&rejection)),
        Err(_) => {
            let message = format!("the request was not complete within {BODY:?}");
            Err(Denied::invalid(StatusCode::REQUEST_TIMEOUT, message, None))
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
        format!("cannot understand the request: {text}"),
        None,
    )
}

/// What follows the question mark.
async fn query<T: DeserializeOwned>(parts: &mut Parts) -> Result<T, Denied> {
    match axum::extract::Query::from_request_parts(parts, &()).await {
        Ok(axum::extract::Query(value)) => Ok(value),
        Err(rejection) => Err(Denied::invalid(
            rejection.status(),
            format!("cannot understand the query: {}", rejection.body_text()),
            None,
        )),
    }
}

/// The name of a network or an endpoint in the path.
async fn name(parts: &mut Parts) -> Result<Name, Denied> {
    let invalid = |message, hint| Denied::invalid(StatusCode::BAD_REQUEST, message, hint);
    let Path(text) = Path::<String>::from_request_parts(parts, &())
        .await
        .map_err(|rejection| invalid(rejection.body_text(), None))?;
    text.parse()
        .map_err(|e: tidegate_model::Invalid| invalid(e.to_string(), Some(e.hint.into_owned())))
}

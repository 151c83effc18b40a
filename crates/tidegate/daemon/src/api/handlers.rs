//! What answers each call: one table, so that the router has the calls of the API and no others.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use tidegate_api::calls::{Call, CheckImport, Form, ImportAll, Method, Route};

use super::Daemon;
use super::answer::{Answer, Denied};
use super::request::Extract;

/// Longest request body, in bytes. The longest sensible one, an attach with thousands of published ports, is well below.
pub(super) const BODY: usize = 1 << 20;
/// Longest document, in bytes: 100,000 endpoints fit.
const DOCUMENT: usize = 1 << 26;

fn body_limit(route: &Route) -> usize {
    match [ImportAll::ROUTE, CheckImport::ROUTE].contains(route) {
        true => DOCUMENT,
        false => BODY,
    }
}

/// The calls that are answered.
#[derive(Default)]
pub(super) struct Handlers {
    pub(super) router: Router<Daemon>,
    /// The routes of `router`, in the order in which they were added.
    pub(super) routes: Vec<Route>,
}

impl Handlers {
    /// Has a call answered with one JSON value.
    pub(super) fn json<C, F>(self, handler: fn(Daemon, C::Given) -> F) -> Self
    where
        C: Call + 'static,
        C::Given: Extract + 'static,
        F: Future<Output = Answer<C::Answer>> + Send + 'static,
    {
        debug_assert_eq!(C::ROUTE.form, Form::Json);
        self.add::<C, _, _>(handler)
    }

    /// Has a call answered with JSON values, one a line.
    pub(super) fn lines<C, F>(self, handler: fn(Daemon, C::Given) -> F) -> Self
    where
        C: Call + 'static,
        C::Given: Extract + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        debug_assert_eq!(C::ROUTE.form, Form::Lines);
        self.add::<C, _, _>(handler)
    }

    fn add<C, F, R>(mut self, handler: fn(Daemon, C::Given) -> F) -> Self
    where
        C: Call + 'static,
        C::Given: Extract + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let answer = move |State(daemon): State<Daemon>, request: Request| async move {
            let given = C::Given::extract(request).await?;
            Ok::<_, Denied>(handler(daemon, given).await)
        };
        let method = match C::ROUTE.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Delete => MethodFilter::DELETE,
        };
        let route = on(method, answer).layer(DefaultBodyLimit::max(body_limit(&C::ROUTE)));
        self.router = self.router.route(C::ROUTE.path, route);
        self.routes.push(C::ROUTE);
        self
    }
}

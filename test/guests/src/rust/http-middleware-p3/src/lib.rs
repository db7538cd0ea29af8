//! Sends on what it is asked for below `/on`, and says 299 of what comes back.

wit_bindgen::generate!({ path: "middleware.wit", world: "http-middleware", generate_all });

use exports::wasi::http::handler::Guest;
use wasi::http::handler;
use wasi::http::types::{ErrorCode, Request, Response};

struct Middleware;
export!(Middleware);

impl Guest for Middleware {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let rest = path.strip_prefix("/on").ok_or(ErrorCode::DestinationNotFound)?;
        request.set_path_with_query(Some(rest)).expect("path");
        let response = handler::handle(request).await?;
        response.set_status_code(299).expect("status");
        Ok(response)
    }
}

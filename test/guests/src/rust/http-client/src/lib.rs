//! Makes requests to a server, and checks one claim: `http-client CLAIM AUTHORITY`. The server of its claims is in
//! test/guests/http.test.ts. A claim that does not hold ends it with a line on stderr, and exit code 1.

wit_bindgen::generate!({ world: "http-client", path: "wit", generate_all });

use exports::wasi::cli::run::Guest;
use wasi::cli::{environment, stderr};
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    http_error_code, ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasi::io::streams::StreamError;

struct Client;
export!(Client);

type Claim = Result<(), String>;

impl Guest for Client {
    fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        let (claim, authority) = (arguments[1].as_str(), arguments[2].as_str());
        let played = match claim {
            "get" => get(authority),
            "once" => once(authority),
            "post" => post(authority),
            "response-first" => response_first(authority),
            "never-sent" => never_sent(authority),
            "two-lengths" => two_lengths(authority),
            "no-body-of-a-length" => no_body_of_a_length(authority),
            "short" => short(authority),
            "long" => long(authority),
            "cut" => cut(authority),
            "refused" => refused(authority),
            "drop-future" => drop_future(authority),
            "headers-are-children" => headers_are_children(authority),
            "many-values" => many_values(),
            _ => Err(format!("there is no claim {claim}")),
        };
        played.map_err(|message| {
            let _ = stderr::get_stderr().blocking_write_and_flush(format!("FAIL: {message}\n").as_bytes());
        })
    }
}

fn holds(is_so: bool, message: &str) -> Claim {
    if is_so { Ok(()) } else { Err(message.to_string()) }
}

fn request_with(authority: &str, method: &Method, path: &str, headers: Fields) -> OutgoingRequest {
    let request = OutgoingRequest::new(headers);
    request.set_method(method).expect("method");
    request.set_scheme(Some(&Scheme::Http)).expect("scheme");
    request.set_authority(Some(authority)).expect("authority");
    request.set_path_with_query(Some(path)).expect("path");
    request
}

fn request(authority: &str, method: &Method, path: &str) -> OutgoingRequest {
    request_with(authority, method, path, Fields::new())
}

fn fields(list: &[(&str, &[u8])]) -> Fields {
    let list: Vec<_> = list.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
    Fields::from_list(&list).expect("fields")
}

fn response_of(future: &FutureIncomingResponse) -> Result<IncomingResponse, String> {
    future.subscribe().block();
    let result = future.get().ok_or("ready without a result")?;
    result.map_err(|()| "taken twice")?.map_err(|code| format!("{code:?}"))
}

/// All of a body, and what follows it.
fn read(response: &IncomingResponse) -> Result<(String, Vec<(String, Vec<u8>)>), String> {
    let body = response.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "streamed")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1000) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(format!("{:?}", http_error_code(&error))),
        }
    }
    drop(stream);
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future.get().ok_or("no trailers yet")?.map_err(|()| "twice")?.map_err(|code| format!("{code:?}"))?;
    holds(matches!(future.get(), Some(Err(()))), "trailers twice")?;
    let trailers = trailers.map(|fields| fields.entries()).unwrap_or_default();
    Ok((String::from_utf8_lossy(&bytes).into_owned(), trailers))
}

/// A response's fields come in order, as bytes; those of a name together.
fn get(authority: &str) -> Claim {
    let future = handle(request(authority, &Method::Get, "/fields?x=%20y"), None).map_err(|code| format!("{code:?}"))?;
    let response = response_of(&future)?;
    holds(response.status() == 299, "status")?;
    let headers = response.headers();
    holds(headers.get("X-Latin") == [b"\xe9".to_vec()], "latin-1")?;
    holds(headers.get("x-twice") == [b"1".to_vec(), b"2".to_vec()], "duplicates")?;
    holds(headers.append("x-more", b"no").is_err(), "immutable")?;
    holds(!headers.has("connection") && !headers.has("transfer-encoding"), "the transport's own")?;
    drop(headers);
    let (text, trailers) = read(&response)?;
    holds(text == "GET /fields?x=%20y", &text)?;
    holds(trailers == [("x-after".to_string(), b"\xe9".to_vec())], &format!("{trailers:?}"))
}

/// What is given once is an error after that.
fn once(authority: &str) -> Claim {
    let request = request(authority, &Method::Post, "/echo");
    let body = request.body().map_err(|()| "body")?;
    holds(request.body().is_err(), "a body twice")?;
    let stream = body.write().map_err(|()| "write")?;
    holds(body.write().is_err(), "an output twice")?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| format!("{code:?}"))?;
    let response = response_of(&future)?;
    holds(matches!(future.get(), Some(Err(()))), "a response twice")?;
    let body = response.consume().map_err(|()| "consume")?;
    holds(response.consume().is_err(), "consumed twice")?;
    let stream = body.stream().map_err(|()| "stream")?;
    holds(body.stream().is_err(), "an input twice")?;
    drop(stream);
    Ok(())
}

/// A body and its trailers arrive; fields in order.
fn post(authority: &str) -> Claim {
    let headers = fields(&[("x-b", b"1"), ("x-a", b"2"), ("x-b", b"3")]);
    let request = request_with(authority, &Method::Other("PURGE".to_string()), "/echo", headers);
    let body = request.body().map_err(|()| "body")?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    let stream = body.write().map_err(|()| "write")?;
    stream.blocking_write_and_flush(b"one ").map_err(|error| format!("{error:?}"))?;
    stream.blocking_write_and_flush(b"two").map_err(|error| format!("{error:?}"))?;
    drop(stream);
    OutgoingBody::finish(body, Some(fields(&[("x-after", b"\xff")]))).map_err(|code| format!("{code:?}"))?;
    let response = response_of(&future)?;
    holds(response.headers().get("x-saw") == [b"x-b 1 x-a 2 x-b 3".to_vec()], "fields")?;
    let (text, trailers) = read(&response)?;
    holds(text == "one two", &text)?;
    holds(trailers == [("x-after".to_string(), b"\xff".to_vec())], &format!("{trailers:?}"))
}

/// A response that comes before the body does.
fn response_first(authority: &str) -> Claim {
    let request = request(authority, &Method::Post, "/echo");
    let body = request.body().map_err(|()| "body")?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    let response = response_of(&future)?;
    let stream = body.write().map_err(|()| "write")?;
    stream.blocking_write_and_flush(b"late").map_err(|error| format!("{error:?}"))?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| format!("{code:?}"))?;
    let (text, _) = read(&response)?;
    holds(text == "late", &text)
}

/// The body of a request that is dropped unsent is closed: nobody will read it.
fn never_sent(authority: &str) -> Claim {
    let request = request(authority, &Method::Post, "/");
    let body = request.body().map_err(|()| "body")?;
    let stream = body.write().map_err(|()| "write")?;
    drop(request);
    for _ in 0..1000 {
        if let Err(error) = stream.blocking_write_and_flush(&[0; 4096]) {
            return holds(matches!(error, StreamError::Closed), "an error other than closed");
        }
    }
    Err("somebody takes it".to_string())
}

/// Two lengths are one too many: an error, and no trap.
fn two_lengths(authority: &str) -> Claim {
    let headers = fields(&[("content-length", b"1"), ("content-length", b"2")]);
    let request = request_with(authority, &Method::Post, "/echo", headers);
    holds(request.body().is_err(), "a body of two lengths")?;
    holds(handle(request, None).is_err(), "a request of two lengths")
}

/// A request that announces bytes, and has none, would make the next one look like them.
fn no_body_of_a_length(authority: &str) -> Claim {
    let request = request_with(authority, &Method::Post, "/echo", fields(&[("content-length", b"5")]));
    match handle(request, None) {
        Err(ErrorCode::HttpRequestBodySize(Some(0))) => Ok(()),
        Err(code) => Err(format!("{code:?}")),
        Ok(_) => Err("it is sent".to_string()),
    }
}

fn announced(authority: &str, length: &[u8], bytes: &[u8]) -> Result<(bool, Result<(), ErrorCode>, FutureIncomingResponse), String> {
    let request = request_with(authority, &Method::Post, "/echo", fields(&[("content-length", length)]));
    let body = request.body().map_err(|()| "body")?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    let stream = body.write().map_err(|()| "write")?;
    let wrote = match stream.blocking_write_and_flush(bytes) {
        Ok(()) => true,
        Err(StreamError::LastOperationFailed(error)) => {
            let code = http_error_code(&error);
            holds(matches!(code, Some(ErrorCode::HttpRequestBodySize(Some(_)))), &format!("{code:?}"))?;
            false
        }
        Err(StreamError::Closed) => return Err("closed".to_string()),
    };
    drop(stream);
    Ok((wrote, OutgoingBody::finish(body, None), future))
}

/// A body that is shorter than announced fails, and its request.
fn short(authority: &str) -> Claim {
    let (wrote, finished, future) = announced(authority, b"5", b"1234")?;
    holds(wrote, "a write within the length")?;
    holds(matches!(finished, Err(ErrorCode::HttpRequestBodySize(Some(4)))), &format!("{finished:?}"))?;
    drop(future);
    Ok(())
}

/// And one that is longer.
fn long(authority: &str) -> Claim {
    let (wrote, finished, _future) = announced(authority, b"5", b"123456")?;
    holds(!wrote, "a write beyond the length")?;
    holds(matches!(finished, Err(ErrorCode::HttpRequestBodySize(Some(6)))), &format!("{finished:?}"))
}

/// A response that is cut short fails once, and says of what.
fn cut(authority: &str) -> Claim {
    let future = handle(request(authority, &Method::Get, "/cut"), None).map_err(|code| format!("{code:?}"))?;
    let response = response_of(&future)?;
    let error = read(&response).err().ok_or("it looks complete")?;
    holds(error == "Some(ErrorCode::HttpResponseIncomplete)", &error)
}

/// Nobody listens, or nobody may ask.
fn refused(authority: &str) -> Claim {
    match handle(request(authority, &Method::Get, "/"), None) {
        Err(ErrorCode::HttpRequestDenied) => Ok(()),
        Err(code) => Err(format!("{code:?}")),
        Ok(future) => {
            let error = response_of(&future).err().ok_or("an answer")?;
            let expected = ["ErrorCode::ConnectionRefused", "ErrorCode::DestinationIpProhibited", "ErrorCode::HttpRequestDenied"];
            holds(expected.contains(&error.as_str()), &error)
        }
    }
}

/// Who drops the future of a response that never comes is done with it.
fn drop_future(authority: &str) -> Claim {
    let options = RequestOptions::new();
    options.set_first_byte_timeout(Some(u64::MAX)).map_err(|()| "an option")?;
    holds(options.first_byte_timeout() == Some(u64::MAX), "an option")?;
    drop(handle(request(authority, &Method::Get, "/never"), Some(options)).map_err(|code| format!("{code:?}"))?);
    Ok(())
}

/// Fields of a message are children of it: giving it away before them traps.
fn headers_are_children(authority: &str) -> Claim {
    let request = request(authority, &Method::Get, "/");
    let _headers = request.headers();
    let _ = handle(request, None);
    Err("no trap".to_string())
}

/// More fields than there is room for trap, however many.
fn many_values() -> Claim {
    let values = vec![Vec::new(); 300_000];
    let _ = Fields::new().set("x", &values);
    Err("no trap".to_string())
}

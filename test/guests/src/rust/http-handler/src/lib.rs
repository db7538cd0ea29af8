//! Answers requests in the ways that wit/world.wit lists.

use std::cell::Cell;

wit_bindgen::generate!({ world: "http-handler", path: "wit", generate_all });

use exports::wasi::http::incoming_handler::Guest;
use wasi::cli::stderr;
use wasi::clocks::monotonic_clock;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody,
    OutgoingRequest, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

const ALL: u64 = 1 << 40;
const NONE: &[(String, Vec<u8>)] = &[];

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

struct Handler;

export!(Handler);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        COUNT.set(COUNT.get() + 1);
        let path = request.path_with_query().unwrap_or_default();
        match path.split('?').next().unwrap_or_default() {
            "/hello" => text(out, "Hello, WASI!"),
            "/count" => text(out, &COUNT.get().to_string()),
            "/who" => text(
                out,
                &format!(
                    "{:?} {:?} {:?} {path}",
                    request.method(),
                    request.scheme(),
                    request.authority()
                ),
            ),
            "/echo" => echo(request, out),
            "/forward" => forward(request, out),
            "/fields" => text(out, &fields(&request).join("\n")),
            "/once" => once(request, out),
            "/nothing" => {}
            "/error" => ResponseOutparam::set(out, Err(ErrorCode::HttpResponseTimeout)),
            "/trap-before" => panic!(),
            "/trap-after" => {
                let body = begin(out, 200, NONE);
                write(&body, b"half");
                panic!();
            }
            "/half" => {
                let body = begin(out, 200, NONE);
                write(&body, b"half");
            }
            "/short" => {
                let body = begin(out, 200, &[length("11")]);
                write(&body, b"half");
                say(&format!("{:?}\n", OutgoingBody::finish(body, None)));
            }
            "/long" => {
                let body = begin(out, 200, &[length("4")]);
                let stream = body.write().unwrap();
                let failure = stream.blocking_write_and_flush(b"halves").unwrap_err();
                drop(stream);
                say(&format!("{:?} {:?}\n", code_of(failure), OutgoingBody::finish(body, None)));
            }
            "/lie" => {
                let headers = Fields::from_list(&[length("5")]).unwrap();
                ResponseOutparam::set(out, Ok(OutgoingResponse::new(headers)));
            }
            "/status-100" => {
                let response = OutgoingResponse::new(Fields::new());
                response.set_status_code(100).unwrap();
                ResponseOutparam::set(out, Ok(response));
            }
            "/flood" => {
                let body = begin(out, 200, NONE);
                let stream = body.write().unwrap();
                while stream.blocking_write_and_flush(&[b'x'; 4096]).is_ok() {}
                say("closed\n");
            }
            "/hoard-fields" => {
                let mut all = Vec::new();
                loop {
                    let fields = Fields::new();
                    fields.append("a", &[b'x'; 1000]).unwrap();
                    all.push(fields);
                }
            }
            "/hoard-bodies" => {
                let mut all = Vec::new();
                loop {
                    let onward = OutgoingRequest::new(Fields::new());
                    let body = onward.body().unwrap();
                    write(&body, b"some");
                    OutgoingBody::finish(body, None).unwrap();
                    all.push(onward);
                }
            }
            "/wait" => monotonic_clock::subscribe_duration(u64::MAX).block(),
            _ => drop(begin(out, 404, &[length("0")])),
        }
    }
}

fn length(value: &str) -> (String, Vec<u8>) {
    ("content-length".into(), value.into())
}

fn begin(out: ResponseOutparam, status: u16, headers: &[(String, Vec<u8>)]) -> OutgoingBody {
    let response = OutgoingResponse::new(Fields::from_list(headers).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    body
}

fn write(body: &OutgoingBody, bytes: &[u8]) {
    let stream = body.write().unwrap();
    for piece in bytes.chunks(4096) {
        stream.blocking_write_and_flush(piece).unwrap();
    }
}

fn text(out: ResponseOutparam, text: &str) {
    let body = begin(out, 200, NONE);
    write(&body, text.as_bytes());
    OutgoingBody::finish(body, None).unwrap();
}

fn say(text: &str) {
    let _ = stderr::get_stderr().blocking_write_and_flush(text.as_bytes());
}

fn code_of(failure: StreamError) -> Option<ErrorCode> {
    match failure {
        StreamError::LastOperationFailed(error) => wasi::http::types::http_error_code(&error),
        StreamError::Closed => None,
    }
}

/// Moves all of a body, as it comes. Gives what it failed of.
fn copy(from: &InputStream, to: &OutputStream) -> Result<(), StreamError> {
    loop {
        match to.blocking_splice(from, ALL) {
            Ok(_) => {}
            Err(StreamError::Closed) => return Ok(()),
            Err(failure) => return Err(failure),
        }
    }
}

/// Waits for what comes after a body, and takes it along.
fn trailers_of(body: IncomingBody) -> Result<Option<Fields>, ErrorCode> {
    let future: FutureTrailers = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future.get().unwrap().unwrap()?;
    // They are not to be changed; a copy is.
    Ok(trailers.map(|fields| Fields::from_list(&fields.entries()).unwrap()))
}

/// A body that fails is not finished, so that it is cut short for its reader too.
fn pass_on(from: IncomingBody, to: OutgoingBody) {
    let (input, output) = (from.stream().unwrap(), to.write().unwrap());
    let copied = copy(&input, &output);
    drop((input, output));
    if let Err(failure) = copied {
        return say(&format!("{:?}\n", code_of(failure)));
    }
    match trailers_of(from) {
        Ok(trailers) => OutgoingBody::finish(to, trailers).unwrap(),
        Err(code) => say(&format!("{code:?}\n")),
    }
}

fn echo(request: IncomingRequest, out: ResponseOutparam) {
    pass_on(request.consume().unwrap(), begin(out, 200, NONE));
}

fn forward(request: IncomingRequest, out: ResponseOutparam) {
    let headers = request.headers();
    let own = |name: &str| headers.get(name).first().map(|value| String::from_utf8_lossy(value).into_owned());
    let (to, path) = (own("to"), own("path"));
    let kept: Vec<_> =
        headers.entries().into_iter().filter(|(name, _)| name != "to" && name != "path").collect();
    let onward = OutgoingRequest::new(Fields::from_list(&kept).unwrap());
    onward.set_method(&request.method()).unwrap();
    onward.set_scheme(request.scheme().as_ref()).unwrap();
    onward.set_authority(to.as_deref()).unwrap();
    onward.set_path_with_query(path.as_deref()).unwrap();
    let body = onward.body().unwrap();
    let answered = outgoing_handler::handle(onward, None).and_then(|future| {
        pass_on(request.consume().unwrap(), body);
        future.subscribe().block();
        future.get().unwrap().unwrap()
    });
    match answered {
        Ok(response) => answer_as(response, out),
        Err(code) => {
            let body = begin(out, 502, NONE);
            write(&body, format!("{code:?}").as_bytes());
            OutgoingBody::finish(body, None).unwrap();
        }
    }
}

fn answer_as(response: IncomingResponse, out: ResponseOutparam) {
    let body = begin(out, response.status(), &response.headers().entries());
    pass_on(response.consume().unwrap(), body);
}

fn fields(request: &IncomingRequest) -> Vec<String> {
    let theirs = request.headers();
    let ours = Fields::new();
    let set = |name: &str, values: &[&[u8]]| {
        let values: Vec<_> = values.iter().map(|value| value.to_vec()).collect();
        format!("{:?}", ours.set(name, &values))
    };
    vec![
        format!("theirs {:?}", theirs.append("a", b"b")),
        format!("theirs {:?}", theirs.delete("a")),
        format!("host {}", theirs.has("host")),
        format!("forbidden {}", set("Host", &[b"a"])),
        format!("name {}", set("a b", &[b"c"])),
        format!("value {}", set("a", &[b"b\nc"])),
        format!("length {}", set("content-length", &[b"-1"])),
        format!("two {}", set("B", &[b"1", b"\xff\t2"])),
        format!("other {:?}", ours.append("c", b"3")),
        format!("again {:?}", ours.append("b", b"4")),
        format!("entries {:?}", ours.entries()),
        format!("copy {:?}", theirs.clone().append("a", b"b")),
        format!("none {} {:?} {:?}", set("b", &[]), ours.has("b"), ours.delete("b")),
        format!("no name {:?} {:?}", ours.has("a b"), ours.get("a b")),
    ]
}

/// What can be had once, asked for twice.
fn once(request: IncomingRequest, out: ResponseOutparam) {
    let mut lines = Vec::new();
    let incoming = request.consume().unwrap();
    lines.push(format!("consume {:?}", request.consume().is_err()));
    let stream = incoming.stream().unwrap();
    lines.push(format!("stream {:?}", incoming.stream().is_err()));
    drop(stream);
    let trailers = IncomingBody::finish(incoming);
    trailers.subscribe().block();
    lines.push(format!("trailers {:?} {:?}", trailers.get().is_some(), matches!(trailers.get(), Some(Err(())))));

    let onward = OutgoingRequest::new(Fields::new());
    lines.push(format!("status {:?}", OutgoingResponse::new(Fields::new()).set_status_code(99)));
    lines.push(format!("method {:?}", onward.set_method(&wasi::http::types::Method::Other("a b".into()))));
    lines.push(format!("path {:?}", onward.set_path_with_query(Some("/a b"))));
    lines.push(format!("authority {:?}", onward.set_authority(Some("a:99999"))));
    lines.push(format!("no authority {:?}", outgoing_handler::handle(onward, None).err()));
    let onward = OutgoingRequest::new(Fields::new());
    onward.set_authority(Some("127.0.0.1:1")).unwrap();
    lines.push(format!("no path {:?}", outgoing_handler::handle(onward, None).err()));

    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    lines.push(format!("body {:?}", response.body().is_err()));
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    lines.push(format!("write {:?}", body.write().is_err()));
    stream.blocking_write_and_flush(lines.join("\n").as_bytes()).unwrap();
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

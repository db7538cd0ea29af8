//! Answers requests by WASI 0.3: a route for each claim. What follows the route in the path is its argument.

use std::cell::{Cell, RefCell};

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::join;
use wasip3::exports::http::handler::Guest;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, RequestOptions, Response, Scheme};
use wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter, spawn_local};
use wasip3::{wit_future, wit_stream};

struct Handler;
wasip3::http::service::export!(Handler);

type Trailers = Result<Option<Fields>, ErrorCode>;

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static MEETING: RefCell<Option<oneshot::Sender<()>>> = const { RefCell::new(None) };
}

impl Guest for Handler {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let mut parts = path.split(['/', '?']).skip(1);
        let route = parts.next().unwrap_or_default();
        let argument = parts.next().unwrap_or_default().to_string();
        let number = argument.parse::<usize>().unwrap_or(0);
        match route {
            "hello" => Ok(text("hello")),
            // What it was asked, a line each.
            "describe" => Ok(text(&describe(&request))),
            // How many requests this instance has answered.
            "count" => {
                COUNT.set(COUNT.get() + 1);
                Ok(text(&COUNT.get().to_string()))
            }
            // Waits for the next request of this instance that asks for the same.
            "meet" => {
                if let Some(other) = MEETING.take() {
                    let _ = other.send(());
                    return Ok(text("second"));
                }
                let (sender, receiver) = oneshot::channel();
                MEETING.set(Some(sender));
                let _ = receiver.await;
                Ok(text("first"))
            }
            // The body comes back as it comes, and its trailers: by way of the guest,
            "echo" => {
                let (body, trailers) = consume(request);
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    copy(body, &mut stream).await;
                    drop(stream);
                    let _ = ended.write(trailers.await).await;
                });
                Ok(response)
            }
            // or not.
            "pass" => {
                let (body, trailers) = consume(request);
                Ok(Response::new(Fields::new(), Some(body), trailers).0)
            }
            "trailers" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    let _ = stream.write_all(b"body".to_vec()).await;
                    drop(stream);
                    let fields = fields(&[("x-sum", b"1"), ("x-sum", b"2"), ("x-latin", b"\xe9")]);
                    let _ = ended.write(Ok(Some(fields))).await;
                });
                Ok(response)
            }
            // Trailers, and no body before them: said at once, or later.
            "trailers-alone" => {
                let (tx, rx) = wit_future::new(|| Ok(None));
                let (response, _) = Response::new(Fields::new(), None, rx);
                spawn_local(async move {
                    if number > 0 {
                        wasip3::clocks::monotonic_clock::wait_for(number as u64).await;
                    }
                    let _ = tx.write(Ok(Some(fields(&[("x-after", b"nothing")])))).await;
                });
                Ok(response)
            }
            // Without a body.
            "status" => {
                let response = empty(fields(&[("x-status", argument.as_bytes())]));
                match response.set_status_code(number as u16) {
                    Ok(()) => Ok(response),
                    Err(()) => Ok(text("refused")),
                }
            }
            // Fields in this order, bytes of Latin-1, duplicates.
            "fields" => Ok(empty(fields(&[
                ("set-cookie", b"a=1"),
                ("x-latin", b"\xe9\xff"),
                ("set-cookie", b"b=2"),
                ("x-empty", b""),
            ]))),
            // As many bytes.
            "large" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    let left = stream.write_all(vec![b'x'; number]).await.len();
                    if left > 0 {
                        println!("left");
                    }
                    drop(stream);
                    let _ = ended.write(Ok(None)).await;
                });
                Ok(response)
            }
            // Announces 5 bytes, and writes as many as it is told to: prints what came of it.
            "length" => {
                let (mut stream, body) = wit_stream::new();
                let (ended, trailers) = wit_future::new(|| Ok(None));
                let (response, sent) = Response::new(fields(&[("content-length", b"5")]), Some(body), trailers);
                spawn_local(async move {
                    let left = stream.write_all(vec![b'x'; number]).await.len();
                    drop(stream);
                    let _ = ended.write(Ok(None)).await;
                    println!("{left} {:?}", sent.await);
                });
                Ok(response)
            }
            // To the authority that x-forward-to has, with method, body and trailers; the same back.
            "forward" => forward(request).await,
            // The same, and the guest looks at nothing of it.
            "handoff" => {
                aim(&request);
                client::send(request).await
            }
            "trap" => panic!(),
            // Each begins a body, and reads its own to the end before it does anything else.
            "trap-after" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    let _ended = ended;
                    let _ = stream.write_all(b"part".to_vec()).await;
                    drain(request).await;
                    panic!();
                });
                Ok(response)
            }
            // It has said before that no trailers come.
            "trap-ended" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                drop(ended);
                spawn_local(async move {
                    let _ = stream.write_all(b"part".to_vec()).await;
                    drain(request).await;
                    panic!();
                });
                Ok(response)
            }
            "error" => Err(ErrorCode::DnsTimeout),
            // Takes as many bytes of its body, says that something is wrong with it, and answers.
            "refuse" => {
                let (said, outcome) = wit_future::new(|| Ok(()));
                let (mut body, _trailers) = Request::consume_body(request, outcome);
                let mut left = number;
                while left > 0 {
                    let (_, bytes) = body.read(Vec::with_capacity(left)).await;
                    left -= bytes.len();
                }
                let _ = said.write(Err(ErrorCode::LoopDetected)).await;
                Ok(text("refused"))
            }
            // Says in the end that the body is not what it should be.
            "unfinished" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    let _ = stream.write_all(b"part".to_vec()).await;
                    drain(request).await;
                    drop(stream);
                    let _ = ended.write(Err(ErrorCode::DnsTimeout)).await;
                });
                Ok(response)
            }
            // Leaves it behind when it is done.
            "left" => {
                let (response, mut stream, ended) = streamed(200, Fields::new());
                spawn_local(async move {
                    let _ = stream.write_all(b"part".to_vec()).await;
                    drain(request).await;
                    std::mem::forget((stream, ended));
                });
                Ok(response)
            }
            // Leaves all kinds of things behind, and asks for no more calls.
            "leave" => {
                COUNT.set(99);
                std::mem::forget((wit_stream::new::<u8>(), Fields::new(), vec![1_u8; 1_000_000], consume(request)));
                wasip3::wit_bindgen::backpressure_inc();
                Ok(empty(Fields::new()))
            }
            // Answers, and only then reads: prints what came.
            "after" => {
                let (response, stream, ended) = streamed(202, Fields::new());
                drop((stream, ended));
                spawn_local(async move { println!("{}", drain(request).await) });
                Ok(response)
            }
            // Prints what came, and answers with it.
            "read" => {
                let read = drain(request).await;
                println!("{read}");
                Ok(text(&read))
            }
            // What can be done with fields, requests and their options, a line each.
            "rules" => Ok(text(&rules(&request))),
            // A request of its own, as the argument says: answers with what came of it.
            "send" => Ok(text(&send(&request, &argument).await)),
            _ => {
                let response = empty(Fields::new());
                response.set_status_code(404).expect("status");
                Ok(response)
            }
        }
    }
}

fn fields(list: &[(&str, &[u8])]) -> Fields {
    let list: Vec<_> = list.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
    Fields::from_list(&list).expect("fields")
}

fn nothing() -> FutureReader<Trailers> {
    wit_future::new(|| Ok(None)).1
}

fn empty(headers: Fields) -> Response {
    Response::new(headers, None, nothing()).0
}

/// A response on its way, what its body is written to, and what comes after it.
fn streamed(status: u16, headers: Fields) -> (Response, StreamWriter<u8>, FutureWriter<Trailers>) {
    let (stream, body) = wit_stream::new();
    let (ended, trailers) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).expect("status");
    (response, stream, ended)
}

fn text(text: &str) -> Response {
    let (response, mut stream, ended) = streamed(200, Fields::new());
    let bytes = text.as_bytes().to_vec();
    spawn_local(async move {
        // The client may have left.
        let _ = stream.write_all(bytes).await;
        drop((stream, ended));
    });
    response
}

fn describe(request: &Request) -> String {
    let mut text = format!(
        "{:?} {:?} {:?} {:?}\n",
        request.get_method(),
        request.get_scheme(),
        request.get_authority(),
        request.get_path_with_query(),
    );
    for (name, value) in request.get_headers().copy_all() {
        text += &format!("{name}: {}\n", value.escape_ascii());
    }
    text
}

fn consume(request: Request) -> (StreamReader<u8>, FutureReader<Trailers>) {
    Request::consume_body(request, wit_future::new(|| Ok(())).1)
}

/// Until either side is at its end. Who reads no more has to say so, or never hears what comes after.
async fn copy(mut from: StreamReader<u8>, to: &mut StreamWriter<u8>) {
    loop {
        let (status, bytes) = from.read(Vec::with_capacity(4096)).await;
        if !to.write_all(bytes).await.is_empty() || status == StreamResult::Dropped {
            return;
        }
    }
}

/// How much came, and how it ended.
async fn drain(request: Request) -> String {
    let (mut body, trailers) = consume(request);
    let mut count = 0;
    loop {
        let (status, bytes) = body.read(Vec::with_capacity(65_536)).await;
        count += bytes.len();
        if status == StreamResult::Dropped {
            let ended = trailers.await.map(|fields| fields.is_some());
            return format!("{count} {ended:?}");
        }
    }
}

/// Has it go where x-forward-to says, with a path without its first part.
fn aim(request: &Request) {
    let to = request.get_headers().get("x-forward-to").pop().expect("x-forward-to");
    request.set_scheme(Some(&Scheme::Http)).expect("scheme");
    request.set_authority(std::str::from_utf8(&to).ok()).expect("authority");
    let path = request.get_path_with_query().unwrap_or_default();
    let rest = path.splitn(3, '/').nth(2).unwrap_or_default();
    request.set_path_with_query(Some(&format!("/{rest}"))).expect("path");
}

async fn forward(request: Request) -> Result<Response, ErrorCode> {
    aim(&request);
    let method = request.get_method();
    let authority = request.get_authority();
    let path = request.get_path_with_query();
    let (body, trailers) = consume(request);
    let (mut stream, onward_body) = wit_stream::new();
    let (ended, onward_trailers) = wit_future::new(|| Ok(None));
    let (onward, _) = Request::new(fields(&[("x-forwarded", b"yes")]), Some(onward_body), onward_trailers, None);
    onward.set_method(&method).expect("method");
    onward.set_scheme(Some(&Scheme::Http)).expect("scheme");
    onward.set_authority(authority.as_deref()).expect("authority");
    onward.set_path_with_query(path.as_deref()).expect("path");
    spawn_local(async move {
        copy(body, &mut stream).await;
        drop(stream);
        let _ = ended.write(trailers.await).await;
    });
    let response = client::send(onward).await?;
    let (answer, mut stream, ended) = streamed(response.get_status_code(), response.get_headers().clone());
    let (body, trailers) = Response::consume_body(response, wit_future::new(|| Ok(())).1);
    spawn_local(async move {
        copy(body, &mut stream).await;
        drop(stream);
        let _ = ended.write(trailers.await).await;
    });
    Ok(answer)
}

fn rules(request: &Request) -> String {
    let mut lines = Vec::new();
    let mut say = |what: &str, outcome: &dyn std::fmt::Debug| lines.push(format!("{what} {outcome:?}"));
    let theirs = request.get_headers();
    say("theirs", &theirs.append("a", b"1"));
    say("theirs", &theirs.set("a", &[]));
    say("theirs", &theirs.get_and_delete("a"));
    say("host", &theirs.has("host"));
    let ours = Fields::new();
    say("forbidden", &ours.append("Transfer-Encoding", b"chunked"));
    say("name", &ours.append("a b", b"1"));
    say("value", &ours.append("a", b"1\n2"));
    say("length", &ours.append("content-length", b"1x"));
    say("two", &ours.set("B", &[b"1".to_vec(), b"\xff\t2".to_vec()]));
    say("other", &ours.append("c", b"3"));
    say("again", &ours.append("b", b"4"));
    say("all", &ours.copy_all());
    say("taken", &ours.get_and_delete("b"));
    say("large", &ours.append("d", &vec![b'x'; 200_000]));
    say("larger", &ours.set("d", &vec![vec![b'x'; 100_000]; 2]));
    say("list", &Fields::from_list(&[("d".to_string(), vec![b'x'; 200_000])]).map(|_| ()));
    say("rest", &ours.copy_all());
    let options = RequestOptions::new();
    say("option", &options.set_first_byte_timeout(Some(5)));
    let (made, _) = Request::new(ours, None, nothing(), Some(options));
    let options = made.get_options().expect("options");
    say("option", &options.get_first_byte_timeout());
    say("option", &options.set_first_byte_timeout(None));
    let copy = options.clone();
    say("copy", &copy.set_first_byte_timeout(None));
    say("copy", &(copy.get_first_byte_timeout(), options.get_first_byte_timeout()));
    say("ours", &made.get_headers().append("c", b"4"));
    say("theirs", &request.get_options().is_some());
    for method in ["GET", "fine", "not fine", ""] {
        say(&format!("method {method}"), &made.set_method(&Method::Other(method.to_string())));
    }
    for scheme in ["http", "a+b", "1"] {
        say(&format!("scheme {scheme}"), &made.set_scheme(Some(&Scheme::Other(scheme.to_string()))));
    }
    for authority in ["a", "a:1", "[::1]:1", "me@a", "", "a:", "a:x", "a:65536", "a b", "a/b"] {
        say(&format!("authority {authority}"), &made.set_authority(Some(authority)));
    }
    for path in ["/", "", "?a", "a", "/ ", "/a?b=c d", "/\u{e9}"] {
        say(&format!("path {path}"), &made.set_path_with_query(Some(path)));
    }
    let response = empty(Fields::new());
    for status in [99, 100, 599, 600] {
        say(&format!("status {status}"), &response.set_status_code(status));
    }
    lines.join("\n")
}

/// What is sent to the authority that x-forward-to has, and what comes of it.
async fn send(request: &Request, what: &str) -> String {
    let to = request.get_headers().get("x-forward-to").pop().expect("x-forward-to");
    let options = RequestOptions::new();
    if what == "timeout" {
        options.set_first_byte_timeout(Some(1_000_000)).expect("first-byte-timeout");
    }
    let has_body = !matches!(what, "bare" | "no-body-of-a-length");
    let length: &[(&str, &[u8])] = match what {
        "short" | "long" => &[("content-length", b"5")],
        "no-body-of-a-length" => &[("content-length", b"7")],
        _ => &[],
    };
    let (mut stream, body) = wit_stream::new();
    let (ended, trailers) = wit_future::new(|| Ok(None));
    let (request, sent) = Request::new(fields(length), has_body.then_some(body), trailers, Some(options));
    request.set_method(&if has_body { Method::Post } else { Method::Get }).expect("method");
    request.set_scheme(Some(&Scheme::Http)).expect("scheme");
    let user = if what == "user" { "me@" } else { "" };
    let authority = format!("{user}{}", std::str::from_utf8(&to).expect("authority"));
    request.set_authority(Some(&authority)).expect("authority");
    let path = match what {
        "relative" => "a/b",
        "timeout" | "cancel" => "/never",
        "refused" => "/refuse/2",
        _ => "/fields",
    };
    request.set_path_with_query(Some(path)).expect("path");
    if what == "cancel" {
        drop((stream, ended));
        let sending = Box::pin(client::send(request));
        let waiting = Box::pin(wasip3::clocks::monotonic_clock::wait_for(1_000_000));
        let is_late = matches!(select(sending, waiting).await, Either::Right(_));
        return format!("{is_late} {:?}", sent.await);
    }
    if what == "never" {
        drop((request, stream, ended));
        return format!("{:?}", sent.await);
    }
    let bytes: &[u8] = if what == "long" { b"123456" } else { b"123" };
    let (response, sent, ()) = join!(client::send(request), async { sent.await }, async move {
        let _ = stream.write_all(bytes.to_vec()).await;
        drop(stream);
        let end = match what {
            "error" => Err(ErrorCode::LoopDetected),
            "trailers" => Ok(Some(fields(&[("x-end", b"3")]))),
            _ => Ok(None),
        };
        let _ = ended.write(end).await;
    });
    let answer = match response {
        Ok(response) => {
            let status = response.get_status_code();
            let (body, trailers) = Response::consume_body(response, wit_future::new(|| Ok(())).1);
            let body = body.collect().await;
            let trailers = trailers.await.map(|fields| fields.map(|fields| fields.copy_all()));
            format!("{status} {} {trailers:?}", body.escape_ascii())
        }
        Err(code) => format!("{code:?}"),
    };
    // What became of what was sent may be known sooner or later.
    format!("{answer}\n{sent:?}")
}

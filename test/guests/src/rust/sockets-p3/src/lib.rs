//! What sockets of WASI 0.3 can do, a part for each first argument: alone, with others of its kind, and with programs of
//! the system. It prints what it is told.
use futures::future::join_all;
use futures::{join, poll};
use std::pin::pin;
use wit_bindgen::{StreamReader, StreamResult};

wit_bindgen::generate!({ path: "sockets.wit", world: "sluice:guest/guest", generate_all });

use exports::wasi::cli::run::Guest;
use wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::sockets::types::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket,
};

struct Sockets;
export!(Sockets);

type Done = Result<(), ErrorCode>;

impl Guest for Sockets {
    async fn run() -> Result<(), ()> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let (part, rest) = args.split_first().expect("a part");
        let number = |at: usize| -> usize { rest[at].parse().expect("a number") };
        let port = || -> IpSocketAddress { local(rest[0].parse().expect("a port")) };
        let done = match part.as_str() {
            "tcp" => tcp().await,
            "splice" => splice(number(0)).await,
            "echo" => echo(number(0)).await,
            "send" => send(port(), number(1)).await,
            "read" => read(port()).await,
            "leave" => leave(port(), number(1)).await,
            "abandon" => abandon().await,
            "relay" => relay(port(), local(number(1) as u16)).await,
            "fill" => fill(port()).await,
            "connect" => connect(port()).await,
            "give-up" => give_up(port()).await,
            "peers" => peers(number(0)).await,
            "many" => many(number(0)),
            "udp" => udp().await,
            "udp-give-up" => udp_give_up().await,
            "udp-refused" => udp_refused(port()).await,
            "udp-flood" => udp_flood(port(), number(1)).await,
            "lookup" => lookup(rest).await,
            "denied" => denied().await,
            _ => panic!("unknown arguments {args:?}"),
        };
        if let Err(error) = &done {
            println!("{error:?}");
        }
        done.map_err(|_| ())
    }
}

fn local(port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) })
}

fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}

fn tcp_socket() -> Result<TcpSocket, ErrorCode> {
    TcpSocket::create(IpAddressFamily::Ipv4)
}

fn udp_socket() -> Result<UdpSocket, ErrorCode> {
    UdpSocket::create(IpAddressFamily::Ipv4)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + (at >> 8)) as u8).collect()
}

fn listening() -> Result<(TcpSocket, StreamReader<TcpSocket>, IpSocketAddress), ErrorCode> {
    let socket = tcp_socket()?;
    socket.bind(local(0))?;
    let peers = socket.listen()?;
    let at = socket.get_local_address()?;
    Ok((socket, peers, at))
}

async fn connected(at: IpSocketAddress) -> Result<TcpSocket, ErrorCode> {
    let socket = tcp_socket()?;
    socket.connect(at).await?;
    Ok(socket)
}

/// Sends all of it, then FIN.
async fn write(socket: &TcpSocket, bytes: Vec<u8>) -> Done {
    let (mut writer, reader) = wit_stream::new();
    let (sent, ()) = join!(socket.send(reader).into_future(), async {
        writer.write_all(bytes).await;
        drop(writer);
    });
    sent
}

/// Reads to the end, and says what that was.
async fn read_all(socket: &TcpSocket) -> (Vec<u8>, Done) {
    let (reader, ended) = socket.receive();
    (reader.collect().await, ended.await)
}

fn is_invalid_state<T>(result: Result<T, ErrorCode>) -> bool {
    matches!(result, Err(ErrorCode::InvalidState))
}

/// A server and its client in one program.
async fn tcp() -> Done {
    let fresh = tcp_socket()?;
    assert!(is_invalid_state(fresh.get_local_address()));
    assert!(is_invalid_state(fresh.get_remote_address()));
    let (bytes, ended) = read_all(&fresh).await;
    assert!(bytes.is_empty() && is_invalid_state(ended));
    assert!(is_invalid_state(write(&fresh, vec![1]).await));

    // Who listens without being bound is bound.
    fresh.set_keep_alive_count(5)?;
    let mut peers = fresh.listen()?;
    assert!(fresh.get_is_listening() && is_invalid_state(fresh.listen()));
    let at = local(port_of(fresh.get_local_address()?));

    let client = connected(at).await?;
    let server = peers.next().await.expect("a peer");
    assert_eq!(server.get_keep_alive_count()?, 5);
    assert_eq!(port_of(client.get_local_address()?), port_of(server.get_remote_address()?));
    assert_eq!(port_of(client.get_remote_address()?), port_of(at));
    assert!(is_invalid_state(client.connect(at).await));

    // Who wants no more of what comes does not fail because of that.
    let [deaf, other] = [connected(at).await?, peers.next().await.expect("a peer")];
    let received = deaf.receive().1;
    received.await?;
    write(&other, vec![1]).await?;

    let (mut to_server, reader) = wit_stream::new();
    let client_sent = client.send(reader);
    let (mut from_server, client_received) = client.receive();
    let (mut to_client, reader) = wit_stream::new();
    let server_sent = server.send(reader);
    let (from_client, server_received) = server.receive();

    // Each direction is there once. What is refused harms nothing.
    let (mut refused, reader) = wit_stream::new();
    let second = server.send(reader);
    assert_eq!(refused.write(vec![1]).await.0, StreamResult::Dropped);
    assert!(is_invalid_state(second.await));
    assert!(is_invalid_state(client.receive().1.await));

    // The streams need no socket, and the peer's socket no listener.
    drop((client, server, fresh, peers));
    assert!(to_client.write_all(b"ping".into()).await.is_empty());
    assert_eq!(from_server.read(Vec::with_capacity(4)).await.1, b"ping");
    assert!(to_server.write_all(b"pong".into()).await.is_empty());
    drop(to_server);
    client_sent.await?;
    assert_eq!(from_client.collect().await, b"pong");
    server_received.await?;

    drop(to_client);
    server_sent.await?;
    assert!(from_server.collect().await.is_empty());
    client_received.await?;
    println!("tcp ok");
    Ok(())
}

/// A peer who gives back what he receives, as it is.
async fn give_back(peer: TcpSocket) -> Done {
    let (reader, received) = peer.receive();
    let sent = peer.send(reader);
    sent.await?;
    received.await
}

async fn splice(length: usize) -> Done {
    let (_listener, mut peers, at) = listening()?;
    let client = connected(at).await?;
    let server = peers.next().await.expect("a peer");
    let (given, sent, (bytes, ended)) =
        join!(give_back(server), write(&client, pattern(length)), read_all(&client));
    assert!(bytes == pattern(length));
    println!("given back {given:?}, sent {sent:?}, received {ended:?}");
    Ok(())
}

async fn echo(count: usize) -> Done {
    let (_listener, peers, at) = listening()?;
    println!("listening at {}", port_of(at));
    let mut peers = peers;
    let mut all = Vec::new();
    for _ in 0..count {
        let peer = peers.next().await.expect("a peer");
        let (done, given) = futures::channel::oneshot::channel();
        wit_bindgen::spawn_local(async {
            let _ = done.send(give_back(peer).await);
        });
        all.push(given);
    }
    for given in join_all(all).await {
        println!("{:?}", given.expect("an end"));
    }
    Ok(())
}

async fn send(at: IpSocketAddress, length: usize) -> Done {
    let socket = connected(at).await?;
    let (sent, (bytes, ended)) = join!(write(&socket, pattern(length)), read_all(&socket));
    assert!(bytes == pattern(length)[..bytes.len()]);
    println!("sent {sent:?}, read {} {ended:?}", bytes.len());
    Ok(())
}

async fn read(at: IpSocketAddress) -> Done {
    let (bytes, ended) = read_all(&connected(at).await?).await;
    println!("read {} {ended:?}", bytes.len());
    Ok(())
}

/// Ends as soon as somebody has taken what it writes, without waiting for anything.
async fn leave(at: IpSocketAddress, length: usize) -> Done {
    let socket = connected(at).await?;
    let (mut writer, reader) = wit_stream::new();
    let _sent = socket.send(reader);
    assert!(writer.write_all(pattern(length)).await.is_empty());
    Ok(())
}

/// Has what one server says sent to another one.
async fn relay(from: IpSocketAddress, to: IpSocketAddress) -> Done {
    let [from, to] = [connected(from).await?, connected(to).await?];
    let (reader, received) = from.receive();
    println!("sent {:?}", to.send(reader).await);
    println!("received {:?}", received.await);
    Ok(())
}

/// Has a peer's stream sent back to him, and ends while that goes on.
async fn abandon() -> Done {
    let (_listener, mut peers, at) = listening()?;
    println!("listening at {}", port_of(at));
    let peer = peers.next().await.expect("a peer");
    let (reader, _received) = peer.receive();
    let _sent = peer.send(reader);
    Ok(())
}

/// Writes until somebody does not take it.
async fn fill(at: IpSocketAddress) -> Done {
    let socket = connected(at).await?;
    let (mut writer, reader) = wit_stream::new();
    let _sent = socket.send(reader);
    let mut taken = 0;
    loop {
        let mut writing = pin!(writer.write(vec![7; 64 * 1024]));
        match poll!(&mut writing) {
            std::task::Poll::Ready((StreamResult::Complete(count), _)) => taken += count,
            std::task::Poll::Ready((result, _)) => panic!("{result:?}"),
            std::task::Poll::Pending => {
                let (result, _) = writing.cancel();
                if let StreamResult::Complete(count) = result {
                    taken += count;
                }
                break;
            }
        }
    }
    println!("taken {taken}");
    Ok(())
}

async fn connect(at: IpSocketAddress) -> Done {
    let socket = tcp_socket()?;
    println!("{:?}", socket.connect(at).await);
    println!("{:?}", socket.get_remote_address().map(port_of));
    Ok(())
}

/// Begins to connect, and does not wait for it.
async fn give_up(at: IpSocketAddress) -> Done {
    let socket = tcp_socket()?;
    {
        let connecting = pin!(socket.connect(at));
        assert!(poll!(connecting).is_pending());
    }
    println!("{:?} {:?}", socket.get_local_address().map(port_of), socket.connect(at).await);
    connected(at).await?;
    println!("connected");
    Ok(())
}

/// Takes so many peers; when the first of them says something, lets all of them go and takes one more.
async fn peers(most: usize) -> Done {
    let (_listener, mut peers, at) = listening()?;
    println!("listening at {}", port_of(at));
    let mut held = Vec::new();
    while held.len() < most {
        match peers.next().await {
            Some(peer) => held.push(peer),
            None => {
                println!("no more after {}", held.len());
                return Ok(());
            }
        }
    }
    println!("full");
    held[0].receive().0.next().await;
    held.clear();
    peers.next().await.expect("a peer");
    println!("one more");
    Ok(())
}

fn many(count: usize) -> Done {
    let made: Vec<_> = (0..count).map(|_| udp_socket()).collect();
    let failed = made.iter().find(|one| one.is_err()).map(|one| one.as_ref().unwrap_err());
    println!("{} of {count}, {failed:?}", made.iter().filter(|one| one.is_ok()).count());
    Ok(())
}

async fn udp() -> Done {
    let server = udp_socket()?;
    assert!(is_invalid_state(server.receive().await));
    server.bind(local(0))?;
    assert!(is_invalid_state(server.bind(local(0))));
    let at = server.get_local_address()?;

    // Who sends without being bound is bound, unless there is nobody to send to.
    let client = udp_socket()?;
    assert!(matches!(client.send(vec![1], None).await, Err(ErrorCode::InvalidArgument)));
    assert!(is_invalid_state(client.get_local_address()));
    client.send(b"one".into(), Some(at)).await?;
    let (bytes, from) = server.receive().await?;
    assert_eq!(bytes, b"one");
    assert_eq!(port_of(from), port_of(client.get_local_address()?));
    assert!(matches!(client.send(vec![0; 65_508], Some(at)).await, Err(ErrorCode::DatagramTooLarge)));

    // With one peer alone: what others have sent before is for nobody.
    let other = udp_socket()?;
    other.bind(local(0))?;
    other.send(b"other's".into(), Some(from)).await?;
    assert!(is_invalid_state(client.disconnect()));
    client.connect(at)?;
    assert_eq!(port_of(client.get_remote_address()?), port_of(at));
    let elsewhere = Some(other.get_local_address()?);
    assert!(matches!(client.send(vec![1], elsewhere).await, Err(ErrorCode::InvalidArgument)));
    server.send(b"server's".into(), Some(from)).await?;
    assert_eq!(client.receive().await?.0, b"server's");
    client.send(vec![], None).await?;
    assert!(server.receive().await?.0.is_empty());

    client.disconnect()?;
    assert!(is_invalid_state(client.get_remote_address()));
    assert_eq!(port_of(client.get_local_address()?), port_of(from));
    other.send(b"other's".into(), Some(from)).await?;
    assert_eq!(client.receive().await?.0, b"other's");
    println!("udp ok");
    Ok(())
}

/// Two wait for a datagram, and one of them does not any more.
async fn udp_give_up() -> Done {
    let [server, client] = [udp_socket()?, udp_socket()?];
    server.bind(local(0))?;
    let at = server.get_local_address()?;
    {
        let waiting = pin!(server.receive());
        assert!(poll!(waiting).is_pending());
    }
    let (received, sent) = join!(server.receive(), client.send(b"kept".into(), Some(at)));
    sent?;
    assert_eq!(received?.0, b"kept");
    println!("udp-give-up ok");
    Ok(())
}

async fn udp_refused(at: IpSocketAddress) -> Done {
    let socket = udp_socket()?;
    socket.connect(at)?;
    socket.send(b"hello".into(), None).await?;
    println!("{:?}", socket.receive().await.map(|(bytes, _)| bytes));
    Ok(())
}

async fn udp_flood(to: IpSocketAddress, count: usize) -> Done {
    let socket = udp_socket()?;
    let sends = (0..count).map(|_| socket.send(vec![7; 32 * 1024], Some(to)));
    let results = join_all(sends).await;
    let sent = results.iter().filter(|one| one.is_ok()).count();
    let failed = results.into_iter().find_map(Result::err);
    println!("{sent} of {count}, {failed:?}");
    Ok(())
}

async fn lookup(names: &[String]) -> Done {
    for name in names {
        match resolve_addresses(name.clone()).await {
            Ok(addresses) => println!("{name}: {}", addresses.iter().map(text).collect::<Vec<_>>().join(" ")),
            Err(error) => println!("{name}: {error:?}"),
        }
    }
    Ok(())
}

fn text(address: &IpAddress) -> String {
    match *address {
        IpAddress::Ipv4((a, b, c, d)) => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h).to_string(),
    }
}

async fn denied() -> Done {
    println!("{:?}", tcp_socket().map(drop));
    println!("{:?}", udp_socket().map(drop));
    println!("{:?}", resolve_addresses("localhost".into()).await.map(drop));
    Ok(())
}

//! Programs with sockets of Rust's standard library, unchanged: what `std::net` can do, by itself; an echo server; and
//! clients of HTTP, Redis and PostgreSQL, which speak just enough of it.
use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["tcp"] => tcp(),
        ["udp"] => udp(),
        ["refused"] => refused(),
        ["refused-in-time"] => refused_in_time(),
        ["denied"] => denied(),
        ["decided-late", at] => decided_late(at),
        ["echo", at, count] => echo(at, count.parse().expect("a number")),
        ["http", at, path] => http(at, path),
        ["redis", at] => redis(at),
        ["postgres", at, user] => postgres(at, user),
        ["send", at, bytes] => send(at, bytes.parse().expect("a number")),
        _ => panic!("unknown arguments {args:?}"),
    };
    if let Err(error) = done {
        eprintln!("{:?}: {error}", error.kind());
        std::process::exit(1);
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + (at >> 8)) as u8).collect()
}

/// A server and its client in one thread.
fn tcp() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    assert_ne!(at.port(), 0);
    let mut client = TcpStream::connect_timeout(&at, Duration::from_secs(60))?;
    let (mut server, from) = listener.accept()?;
    assert_eq!(client.peer_addr()?, at);
    assert_eq!(client.local_addr()?, from);
    assert_eq!(server.peer_addr()?, from);

    client.write_all(b"hello")?;
    let mut five = [0; 5];
    server.read_exact(&mut five)?;
    assert_eq!(&five, b"hello");

    // Nothing is there: a read that does not wait says so, and so does one that does not wait for long.
    server.set_nonblocking(true)?;
    assert_eq!(server.read(&mut five).unwrap_err().kind(), ErrorKind::WouldBlock);
    server.set_nonblocking(false)?;
    server.set_read_timeout(Some(Duration::from_millis(1)))?;
    let kind = server.read(&mut five).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind:?}");
    server.set_read_timeout(None)?;

    // More than anybody holds, with nobody who reads meanwhile: what does not fit has to wait.
    client.set_nonblocking(true)?;
    let sent = pattern(16 * 1024 * 1024);
    let (mut written, mut read, mut waited) = (0, Vec::new(), 0);
    let mut buffer = vec![0; 100_000];
    while written < sent.len() {
        match client.write(&sent[written..]) {
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                waited += 1;
                let count = server.read(&mut buffer)?;
                assert_ne!(count, 0);
                read.extend_from_slice(&buffer[..count]);
            }
            Err(error) => return Err(error),
        }
    }
    assert_ne!(waited, 0);
    client.shutdown(Shutdown::Write)?;
    assert!(client.write(b"more").is_err());
    server.read_to_end(&mut read)?;
    assert!(read == sent);

    // The other direction goes on.
    client.set_nonblocking(false)?;
    server.write_all(b"good bye")?;
    drop(server);
    let mut rest = String::new();
    client.read_to_string(&mut rest)?;
    assert_eq!(rest, "good bye");

    client.set_ttl(42)?;
    assert_eq!(client.ttl()?, 42);
    client.set_nodelay(true)?;
    listener.set_nonblocking(true)?;
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    println!("tcp ok");
    Ok(())
}

fn udp() -> io::Result<()> {
    let server = UdpSocket::bind("127.0.0.1:0")?;
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    client.connect(server.local_addr()?)?;
    assert_eq!(client.send(b"ping")?, 4);
    let mut buffer = [0; 16];
    let (count, from) = server.recv_from(&mut buffer)?;
    assert_eq!((&buffer[..count], from), (&b"ping"[..], client.local_addr()?));
    server.send_to(b"pong", from)?;
    assert_eq!(client.recv(&mut buffer)?, 4);
    assert_eq!(client.peer_addr()?, server.local_addr()?);
    client.set_nonblocking(true)?;
    assert_eq!(client.recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    println!("udp ok");
    Ok(())
}

fn refused() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    drop(listener);
    assert_eq!(TcpStream::connect(at).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let again = TcpListener::bind(taken.local_addr()?).unwrap_err().kind();
    assert_eq!(again, ErrorKind::AddrInUse);
    let foreign = TcpListener::bind("192.0.2.1:0").unwrap_err().kind();
    assert_eq!(foreign, ErrorKind::AddrNotAvailable);
    let names: Vec<SocketAddr> = ("localhost", 80).to_socket_addrs()?.collect();
    assert!(names.iter().all(|name| name.ip().is_loopback()) && !names.is_empty());
    println!("refused ok");
    Ok(())
}

/// On one host it is known at once: its libc loses what it is told only later.
fn refused_in_time() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    drop(listener);
    let refused = TcpStream::connect_timeout(&at, Duration::from_secs(60)).unwrap_err().kind();
    assert_eq!(refused, ErrorKind::ConnectionRefused);
    println!("refused-in-time ok");
    Ok(())
}

/// A connection with a time, that somebody takes his time to decide on. If it does not come about its libc says only that
/// something can be written, and `std` takes that for a connection: `take_error` knows better.
fn decided_late(at: &str) -> io::Result<()> {
    let stream = TcpStream::connect_timeout(&at.parse().expect("an address"), Duration::from_secs(60))?;
    println!("{:?}", stream.take_error()?.map(|error| error.kind()));
    println!("{}", stream.peer_addr().is_ok());
    Ok(())
}

/// Without a network.
fn denied() -> io::Result<()> {
    assert_eq!(TcpStream::connect("127.0.0.1:1").unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(UdpSocket::bind("127.0.0.1:0").unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(("localhost", 80).to_socket_addrs().is_err());
    println!("denied ok");
    Ok(())
}

/// Sends back what comes, to any number of clients at a time, until `count` of them have left.
fn echo(at: &str, count: usize) -> io::Result<()> {
    struct Client {
        stream: TcpStream,
        /// What it has not taken back yet.
        owed: Vec<u8>,
        ended: bool,
    }
    let listener = TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    println!("listening at {}", listener.local_addr()?);
    let mut clients: Vec<Client> = Vec::new();
    let mut buffer = vec![0; 65_536];
    let (mut left, mut bytes) = (0, 0);
    while left < count {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                clients.push(Client { stream, owed: Vec::new(), ended: false });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let before = clients.len();
        clients.retain_mut(|client| {
            if client.owed.is_empty() && !client.ended {
                match client.stream.read(&mut buffer) {
                    Ok(0) => client.ended = true,
                    Ok(count) => client.owed.extend_from_slice(&buffer[..count]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return false,
                }
            }
            if !client.owed.is_empty() {
                match client.stream.write(&client.owed) {
                    Ok(count) => {
                        bytes += count;
                        client.owed.drain(..count);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return false,
                }
            }
            !(client.ended && client.owed.is_empty())
        });
        left += before - clients.len();
    }
    println!("echoed {bytes} bytes to {left} clients");
    Ok(())
}

fn http(at: &str, path: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(at)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    println!("{}", String::from_utf8_lossy(&answer).lines().next().unwrap_or(""));
    let body = &answer[head + 4..];
    let sum = body.iter().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    println!("{} bytes, {sum}", body.len());
    Ok(())
}

fn redis(at: &str) -> io::Result<()> {
    let stream = TcpStream::connect(at)?;
    let mut answers = BufReader::new(&stream);
    let mut command = |words: &[&str]| -> io::Result<String> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        (&stream).write_all(text.as_bytes())?;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        if line.starts_with('$') && line.trim() != "$-1" {
            let mut value = vec![0; line[1..].trim().parse::<usize>().expect("a length") + 2];
            answers.read_exact(&mut value)?;
            value.truncate(value.len() - 2);
            return Ok(String::from_utf8_lossy(&value).into_owned());
        }
        Ok(line.trim().to_owned())
    };
    println!("PING {}", command(&["PING"])?);
    let long = "x".repeat(1_000_000);
    println!("SET {}", command(&["SET", "sluice", &long])?);
    println!("GET {}", command(&["GET", "sluice"])? == long);
    println!("GET {}", command(&["GET", "nothing"])?);
    for _ in 0..1000 {
        command(&["INCR", "count"])?;
    }
    println!("INCR {}", command(&["INCR", "count"])?);
    println!("DEL {}", command(&["DEL", "sluice", "count"])?);
    Ok(())
}

fn postgres(at: &str, user: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(at)?;
    let mut start = 196_608u32.to_be_bytes().to_vec();
    start.extend_from_slice(format!("user\0{user}\0database\0postgres\0\0").as_bytes());
    stream.write_all(&(start.len() as u32 + 4).to_be_bytes())?;
    stream.write_all(&start)?;
    let message = |stream: &mut TcpStream| -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let mut body = vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4];
        stream.read_exact(&mut body)?;
        Ok((head[0], body))
    };
    loop {
        match message(&mut stream)? {
            (b'Z', _) => break,
            (b'E', body) => panic!("{}", String::from_utf8_lossy(&body)),
            _ => {}
        }
    }
    let query = "SELECT sum(n)::text, repeat('x', 100000) FROM generate_series(1, 1000) n\0";
    stream.write_all(b"Q")?;
    stream.write_all(&(query.len() as u32 + 4).to_be_bytes())?;
    stream.write_all(query.as_bytes())?;
    loop {
        match message(&mut stream)? {
            (b'D', row) => {
                let length = u32::from_be_bytes([row[2], row[3], row[4], row[5]]) as usize;
                println!("row {} of {} bytes", String::from_utf8_lossy(&row[6..6 + length]), row.len());
            }
            (b'Z', _) => break,
            (b'E', body) => panic!("{}", String::from_utf8_lossy(&body)),
            _ => {}
        }
    }
    stream.write_all(b"X\0\0\0\x04")?;
    println!("postgres ok");
    Ok(())
}

/// Sends so much, ends, and says what it was sent and how that ended.
fn send(at: &str, bytes: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(at)?;
    let sent = stream.write_all(&pattern(bytes)).and_then(|()| stream.shutdown(Shutdown::Write));
    println!("sent {:?}", sent.map_err(|error| error.kind()));
    let mut came = Vec::new();
    let read = stream.read_to_end(&mut came);
    println!("read {:?} of {}", read.map(|_| ()).map_err(|error| error.kind()), came.len());
    Ok(())
}

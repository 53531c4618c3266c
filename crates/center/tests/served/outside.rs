//! A server outside, on a port of its own, which says what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Outside {
    pub port: u16,
    asked: Arc<AtomicUsize>,
}

impl Outside {
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

pub async fn start() -> Outside {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    Outside { port, asked }
}

async fn serve(mut stream: TcpStream) {
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut some = [0; 4096];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => return,
            Ok(n) => read.extend_from_slice(&some[..n]),
        }
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let (line, headers) = head.split_once("\r\n").unwrap();
    let path = line.split(' ').nth(1).unwrap();
    let answer = if let Some(to) = path.strip_prefix("/to/") {
        format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    } else if path == "/circle" {
        "HTTP/1.1 307 Again\r\nlocation: /circle\r\ncontent-length: 0\r\n\r\n".to_owned()
    } else if path == "/long" {
        format!("HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n{}", "x".repeat(900_000))
    } else if path == "/text" {
        "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 10\r\n\r\nplain text".to_owned()
    } else {
        let heard = serde_json::json!({"line": line, "headers": headers, "body": body}).to_string();
        format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{heard}", heard.len())
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

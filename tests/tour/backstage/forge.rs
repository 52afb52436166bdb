//! Where a Backstage reads files: what was pushed, which is not always what the mono-repo says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

/// Files by their address.
pub type Files = Arc<Mutex<BTreeMap<String, String>>>;

/// Serves files to a real Backstage, to all tours of this process on one port: what its config lets it read.
pub fn served_at(address: &str) -> Files {
    static SERVED: OnceLock<Files> = OnceLock::new();
    let start = || {
        let files = Files::default();
        let listener = TcpListener::bind(address).unwrap();
        let (shared, origin) = (Arc::clone(&files), format!("http://{address}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, origin) = (Arc::clone(&shared), origin.clone());
                std::thread::spawn(move || drop(answer(stream, &origin, &files)));
            }
        });
        files
    };
    Arc::clone(SERVED.get_or_init(start))
}

fn answer(mut stream: TcpStream, origin: &str, files: &Files) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // Nothing is to be read after the head of a GET.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let found = files.lock().unwrap().get(&format!("{origin}{path}")).cloned();
    let (status, body) = found.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

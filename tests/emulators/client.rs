//! A bare HTTP/1.1 client that sends a path exactly as it is written: several recordings are about malformed ones, and
//! a proper client would put them right.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::compare::Met;

/// What goes through as it is; all else is percent-encoded.
const SAFE: &AsciiSet = &{
    let safe = b"_.-~/?&=%+:;,@!$'()*[]";
    let mut set = NON_ALPHANUMERIC.remove(safe[0]);
    let mut n = 1;
    while n < safe.len() {
        set = set.remove(safe[n]);
        n += 1;
    }
    set
};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// One request, ready to send.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: IndexMap<String, String>,
    pub body: Option<Vec<u8>>,
}

impl Call {
    /// Sends it to `base` (`http://host:port`) and reads the answer whole. Redirects are not followed.
    pub async fn send(&self, base: &str) -> Result<Met> {
        tokio::time::timeout(DEADLINE, self.exchange(base)).await.context("no answer in time")?
    }

    async fn exchange(&self, base: &str) -> Result<Met> {
        let host = base.strip_prefix("http://").context("emulators speak plain http")?;
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(&self.bytes(host)).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        parse(&answer, &self.method)
    }

    fn bytes(&self, host: &str) -> Vec<u8> {
        let path = utf8_percent_encode(self.path.split('#').next().unwrap_or_default(), SAFE);
        let mut head = format!(
            "{} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\naccept-encoding: identity\r\n",
            self.method
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match &self.body {
            Some(body) => head.push_str(&format!("content-length: {}\r\n", body.len())),
            None if matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") => head.push_str("content-length: 0\r\n"),
            None => {}
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

fn parse(answer: &[u8], method: &str) -> Result<Met> {
    let end = find(answer, b"\r\n\r\n").context("the answer has no head")?;
    let head = std::str::from_utf8(&answer[..end]).context("the head is no text")?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("no status in {status_line:?}"))?;
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').with_context(|| format!("no header: {line:?}"))?;
        let (name, value) = (name.to_lowercase(), value.trim());
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, earlier)) => *earlier = format!("{earlier}, {value}"),
            None => headers.push((name, value.to_owned())),
        }
    }
    let mut met = Met { status, headers, data: Vec::new() };
    let rest = &answer[end + 4..];
    met.data = if method == "HEAD" || status == 204 || status == 304 {
        ensure!(rest.is_empty(), "{} bytes of body in an answer that has none", rest.len());
        Vec::new()
    } else if met.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        dechunk(rest)?
    } else {
        let length = met.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(rest.len());
        ensure!(length == rest.len(), "{length} bytes promised, {} came", rest.len());
        rest.to_vec()
    };
    Ok(met)
}

fn dechunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let line = find(rest, b"\r\n").context("a chunk has no length")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line])?.trim(), 16)?;
        rest = &rest[line + 2..];
        if length == 0 {
            return Ok(data);
        }
        if rest.len() < length + 2 {
            bail!("a chunk was cut short");
        }
        data.extend_from_slice(&rest[..length]);
        rest = &rest[length + 2..];
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

//! An engine as others meet it: the built command at work in a directory, its interface, its words, its end.
//!
//! A test that drops an engine kills it, and fails if the token was ever said. Is not: a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::command::Place;

/// How long anything may take that is waited for: machines that test many things at once stand still for seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that runs.
pub(crate) struct Engine {
    child: Child,
    pub(crate) address: String,
    pub(crate) token: String,
    /// What it has said so far, on both streams.
    said: [Arc<Mutex<String>>; 2],
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Waits until `look` sees something.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "this did not come: {what}");
        rest(Duration::from_millis(10));
    }
}

/// Waits for a process, which has a clock of its own.
pub(crate) fn rest(span: Duration) {
    thread::sleep(span);
}

impl Engine {
    /// Starts an engine in a place.
    pub(crate) fn start(place: &Place) -> Self {
        Self::below(place, ".")
    }

    /// Starts an engine in a directory of a place.
    pub(crate) fn below(place: &Place, directory: &str) -> Self {
        Self::of(place, directory, place.command(&format!("serve {directory} --listen 127.0.0.1:0")))
    }

    /// Starts an engine in a directory of a place by this command.
    pub(crate) fn of(place: &Place, directory: &str, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let said = [Arc::default(), Arc::default()];
        gather(child.stdout.take().unwrap(), &said[0]);
        gather(child.stderr.take().unwrap(), &said[1]);
        let mut engine = Self { child, address: String::new(), token: String::new(), said };
        engine.address = until("the address of the engine", || {
            if let Some(status) = engine.child.try_wait().unwrap() {
                panic!("the engine has ended: {status}\n{}\n{}", engine.out(), engine.err());
            }
            let out = engine.out();
            let (first, _) = out.split_once('\n')?;
            Some(first.strip_prefix("listening at http://").unwrap().to_owned())
        });
        engine.token = place.read(&format!("{directory}/.laban/token")).trim().to_owned();
        engine
    }

    /// What it has said on standard output.
    pub(crate) fn out(&self) -> String {
        self.said[0].lock().unwrap().clone()
    }

    /// What it has said on standard error.
    pub(crate) fn err(&self) -> String {
        self.said[1].lock().unwrap().clone()
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Everything that it says to these bytes, until it hangs up.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // It may hang up before it has heard everything.
        let _ = stream.write_all(bytes);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Asks with these headers and no others than it takes to be understood.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" || method == "PUT" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        Answer::of(&self.raw(&bytes))
    }

    /// Asks as one who may.
    pub(crate) fn may(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let token = format!("Bearer {}", self.token);
        let mut headers = vec![("Host", self.address.as_str()), ("Authorization", token.as_str())];
        if !kind.is_empty() {
            headers.push(("Content-Type", kind));
        }
        self.ask(method, path, &headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.may("GET", path, "", &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Json) -> Answer {
        self.may("POST", path, "application/json", body.to_string().as_bytes())
    }

    pub(crate) fn put(&self, path: &str, text: &str) -> Answer {
        self.may("PUT", path, "text/plain; charset=utf-8", text.as_bytes())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.may("DELETE", path, "", &[])
    }

    /// Starts a session that may begin; its number.
    #[track_caller]
    pub(crate) fn begin(&self, protocol: &str) -> u64 {
        let answer = self.post("/v1/sessions", &json!({ "protocol": protocol }));
        assert!(answer.status < 300, "{answer:?}");
        answer.json()["id"].as_u64().unwrap()
    }

    /// A session as it is shown.
    #[track_caller]
    pub(crate) fn session(&self, id: u64) -> Json {
        self.get(&format!("/v1/sessions/{id}")).json()
    }

    /// Waits until a session is in this state.
    #[track_caller]
    pub(crate) fn comes_to(&self, id: u64, state: &str) -> Json {
        until(&format!("session {id} {state}"), || {
            Some(self.session(id)).filter(|session| session["state"] == state)
        })
    }

    /// How the engine is.
    pub(crate) fn status(&self) -> Json {
        self.get("/v1/status").json()
    }

    /// How many sessions were started, ever.
    pub(crate) fn started(&self) -> u64 {
        self.status()["started"].as_u64().unwrap()
    }

    /// Sends it a signal: `TERM`, `HUP`, `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of the engine", || self.child.try_wait().unwrap())
    }

    /// Has it stop in an orderly way; it must say that all is well.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended();
        assert_eq!(status.code(), Some(0), "{}", self.err());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let (out, err) = (self.out(), self.err());
        if thread::panicking() {
            let said = format!("--- out of the engine\n{out}--- err of the engine\n{err}");
            let _ = std::io::stderr().write_all(said.as_bytes());
        } else {
            let said = !self.token.is_empty() && (out.contains(&self.token) || err.contains(&self.token));
            assert!(!said, "the engine has said its token");
            assert!(!err.contains("panicked at"), "{err}");
        }
    }
}

/// Takes down what a stream says.
fn gather(stream: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = said.clone();
    thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            said.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}

impl Answer {
    /// The first answer in what was said; status 0 if there is none.
    pub(crate) fn of(said: &str) -> Self {
        let (head, body) = said.split_once("\r\n\r\n").unwrap_or((said, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let head = head.to_ascii_lowercase();
        let body =
            if head.contains("transfer-encoding: chunked") { unchunked(body) } else { body.to_owned() };
        Self { status, head, body }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that this is a refusal in its proper form; its message.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert_eq!(json["code"], code, "{self:?}");
        let message = json["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n') && !message.ends_with('.'), "{message}");
        message.to_owned()
    }
}

/// A body without the marks of its chunks.
fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let Some((chunk, more)) = more.split_at_checked(size).filter(|_| size > 0) else { break };
        body.push_str(chunk);
        rest = more.trim_start_matches("\r\n");
    }
    body
}

/// Writes a file by its name at once: beside, then renamed.
pub(crate) fn swap_in(place: &Place, name: &str, text: &str) {
    let beside = format!("{name}.new");
    place.write(&beside, text);
    std::fs::rename(place.path(&beside), place.path(name)).unwrap();
}

/// The processor time that a process has used so far.
pub(crate) fn worked(process: u32) -> Duration {
    let text = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).unwrap();
    let (_, fields) = text.rsplit_once(')').unwrap();
    let ticks =
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

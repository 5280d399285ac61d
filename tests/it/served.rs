//! An engine as a user runs it: `laban serve` in a directory, until it is dropped.
//!
//! Is not: a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::command::Place;

/// A running engine.
pub(crate) struct Served {
    child: Child,
    /// What it has said so far.
    pub(crate) said: String,
}

impl Served {
    /// Runs `laban serve` in a directory below a place, on a port of its own, until it says what to try.
    pub(crate) fn start(place: &Place, directory: &str) -> Self {
        let mut command = place.command(&format!("serve {directory} --listen 127.0.0.1:0"));
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = lines(child.stdout.take().unwrap());
        let mut served = Self { child, said: String::new() };
        while !served.said.contains("try: ") {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => served.said.push_str(&format!("{line}\n")),
                Err(_) => panic!("`laban serve` in `{directory}` comes to nothing:\n{}", served.said),
            }
        }
        served
    }

    /// Ends it at once, as a power failure would.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// The lines of a stream, as they come.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (say, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if say.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

//! A handler that is a program: started, watched, started again; JSON-RPC 2.0 on its standard input and output.
//!
//! In go calls; out come answers. What it writes to standard error is logged. When nothing refers to it any longer its input is
//! closed, and what then does not end by itself is killed.
//! Invariant: at most one program of a handler runs; one that ends at once is started ever more slowly.
//! Is not: a sandbox. The program runs as whoever runs the host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::base::limits::{HANDLER_LOG_BYTES_MAX, HANDLER_MESSAGE_BYTES_MAX};
use crate::host::handlers::counts::Counts;
use crate::host::handlers::exchange::{Exchange, Taken};
use crate::host::handlers::lines::{self, Line};
use crate::host::handlers::socket::declared;
use crate::host::handlers::status::State;
use crate::host::handlers::{Asked, Pace, Tried, lock};

/// How many programs run.
#[derive(Clone, Default)]
pub(super) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// A handler that is a program.
pub(super) struct Process {
    inner: Arc<Inner>,
    /// The program is stopped when this is dropped.
    _stop: watch::Sender<()>,
}

struct Inner {
    name: Arc<str>,
    command: Vec<String>,
    directory: PathBuf,
    pace: Pace,
    counts: Arc<Counts>,
    /// The program that runs, and none while there is none.
    current: watch::Sender<Option<Arc<Exchange>>>,
    /// Whether it ever ran.
    has_run: AtomicBool,
    operations: Mutex<Option<BTreeSet<String>>>,
}

impl Process {
    pub(super) fn start(
        name: &Arc<str>,
        command: &[String],
        directory: &Path,
        counts: Arc<Counts>,
        pace: Pace,
        closing: watch::Receiver<bool>,
        alive: Alive,
    ) -> Self {
        let inner = Arc::new(Inner {
            name: name.clone(),
            command: command.to_vec(),
            directory: directory.to_owned(),
            pace,
            counts,
            current: watch::Sender::new(None),
            has_run: AtomicBool::new(false),
            operations: Mutex::new(None),
        });
        let (stop, stopped) = watch::channel(());
        let watched = inner.clone();
        // Counted before the task runs, so that whoever closes at once waits for it.
        alive.0.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let _alive = Gone(alive);
            supervise(&watched, Stops { stopped, closing }).await;
        });
        Self { inner, _stop: stop }
    }

    pub(super) fn operations(&self) -> Option<BTreeSet<String>> {
        lock(&self.inner.operations).clone()
    }

    pub(super) fn state(&self) -> State {
        if self.inner.current.borrow().is_some() {
            State::Ready
        } else if self.inner.has_run.load(Ordering::Relaxed) {
            State::Away
        } else {
            State::Starting
        }
    }

    /// Asks the program, once one runs.
    pub(super) async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let mut current = self.inner.current.subscribe();
        let Ok(exchange) = current.wait_for(Option::is_some).await.map(|current| current.clone()) else {
            return Tried::NotAsked("the host ends".to_owned());
        };
        match exchange {
            Some(exchange) => exchange.ask(asked, handed).await,
            None => Tried::NotAsked("it has just gone".to_owned()),
        }
    }
}

/// One program less when this is dropped.
struct Gone(Alive);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What ends a program for good.
struct Stops {
    stopped: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
}

impl Stops {
    /// Comes when nobody needs the program any longer: true if it has time to end by itself.
    async fn come(&mut self) -> bool {
        tokio::select! {
            // Nothing is ever sent: this comes when the other end is dropped.
            _ = self.stopped.changed() => true,
            _ = self.closing.wait_for(|closing| *closing) => false,
        }
    }
}

/// How a program has ended.
enum End {
    Stopped,
    Trouble(String),
}

async fn supervise(inner: &Inner, mut stops: Stops) {
    let mut wait = inner.pace.restart;
    loop {
        let begun = Instant::now();
        let (end, answered) = run(inner, &mut stops).await;
        inner.has_run.store(true, Ordering::Relaxed);
        let End::Trouble(trouble) = end else { return };
        tracing::warn!(handler = %inner.name, trouble, "the handler's process is started again");
        inner.counts.trouble(trouble);
        if answered || begun.elapsed() >= inner.pace.lived {
            wait = inner.pace.restart;
        }
        tokio::select! {
            _ = stops.come() => return,
            () = sleep(wait) => {}
        }
        wait = (wait * 2).min(inner.pace.restart_most);
        inner.counts.restart();
    }
}

/// Runs the program once: how it has ended, and whether it ever answered.
async fn run(inner: &Inner, stops: &mut Stops) -> (End, bool) {
    let mut child = match spawn(inner) {
        Ok(child) => child,
        // The kind says enough, and names no file.
        Err(error) => return (End::Trouble(format!("it cannot be started: {}", error.kind())), false),
    };
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return (End::Trouble("it has no standard input or output".to_owned()), false);
    };
    tracing::info!(handler = %inner.name, pid = child.id(), "the handler's process runs");
    let exchange = Arc::new(Exchange::new(inner.counts.clone()));
    inner.current.send_replace(Some(exchange.clone()));
    let end = converse(inner, &exchange, &mut child, (stdin, stdout, stderr), stops).await;
    inner.current.send_replace(None);
    exchange.close();
    let answered = exchange.has_answered();
    if matches!(end, End::Trouble(_)) {
        // It may have ended already, or be beyond being killed; both are all the same.
        drop(child.kill().await);
    }
    (end, answered)
}

fn spawn(inner: &Inner) -> std::io::Result<Child> {
    let (program, arguments) = inner.command.split_first().ok_or(std::io::ErrorKind::NotFound)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if !inner.directory.as_os_str().is_empty() {
        command.current_dir(&inner.directory);
    }
    // What interrupts the host at a terminal is not for its handlers: they answer until it lets them go.
    #[cfg(unix)]
    command.process_group(0);
    command.kill_on_drop(true).spawn()
}

type Pipes = (ChildStdin, ChildStdout, ChildStderr);

async fn converse(
    inner: &Inner,
    exchange: &Exchange,
    child: &mut Child,
    (stdin, stdout, stderr): Pipes,
    stops: &mut Stops,
) -> End {
    let mut reading = pin!(read(inner, exchange, stdout));
    let mut logging = pin!(log(&inner.name, stderr));
    // Its input is closed when this is dropped, and nothing more is asked.
    let mut writing = Box::pin(write(exchange, stdin));
    let mut logs = true;
    loop {
        tokio::select! {
            why = &mut reading => {
                let status = timeout(inner.pace.stop.min(SOON), child.wait()).await;
                return End::Trouble(match status {
                    Ok(Ok(status)) if why == CLOSED_OUTPUT => ended(status),
                    _ => why,
                });
            }
            why = &mut writing => {
                // It may still answer what it has read.
                drop(timeout(SOON, &mut reading).await);
                return End::Trouble(why);
            }
            status = child.wait() => {
                // What it has said before its end still stands in the pipe; whoever else holds the pipe is not waited for.
                drop(timeout(SOON, &mut reading).await);
                return End::Trouble(status.map_or_else(|_| "it is lost".to_owned(), ended));
            }
            () = &mut logging, if logs => logs = false,
            time = stops.come() => {
                drop(writing);
                // Its pipes are still emptied, so that it does not wait for room in them.
                let emptied = async {
                    tokio::join!(reading, async { if logs { logging.await } });
                    std::future::pending::<()>().await;
                };
                let ended = async {
                    tokio::select! {
                        _ = child.wait() => {}
                        () = emptied => {}
                    }
                };
                let time = if time { inner.pace.stop } else { std::time::Duration::ZERO };
                if timeout(time, ended).await.is_err() {
                    drop(child.kill().await);
                }
                return End::Stopped;
            }
        }
    }
}

/// How long the rest of what an ended process has said may take.
const SOON: std::time::Duration = std::time::Duration::from_secs(1);
const CLOSED_OUTPUT: &str = "it has closed its standard output";

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it has ended with status {code}"),
        None => "it was ended by a signal".to_owned(),
    }
}

/// Takes what the program says, until it should end: why.
async fn read<R: AsyncRead + Unpin>(inner: &Inner, exchange: &Exchange, stdout: R) -> String {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        match lines::next(&mut reader, &mut line, HANDLER_MESSAGE_BYTES_MAX).await {
            Ok(Line::Whole) => match exchange.take(&line) {
                Taken::Done => {}
                Taken::Said(said) => {
                    if let Some(operations) = said.get("offer").and_then(declared) {
                        *lock(&inner.operations) = Some(operations);
                    }
                }
                Taken::Enough => return "it says too much that is no answer".to_owned(),
            },
            Ok(Line::Cut) => {
                inner.counts.garbage();
                return format!("it has written a line of more than {HANDLER_MESSAGE_BYTES_MAX} bytes");
            }
            Ok(Line::End) | Err(_) => return CLOSED_OUTPUT.to_owned(),
        }
        // A long line leaves no more room behind than others need.
        line.shrink_to(BUFFER_KEPT);
    }
}

/// Bytes of a buffer that are kept for the next line.
const BUFFER_KEPT: usize = 64 << 10;

/// Writes what is asked, until nobody reads it: why.
async fn write<W: AsyncWrite + Unpin>(exchange: &Exchange, mut stdin: W) -> String {
    loop {
        let mut line = exchange.next().await;
        line.push('\n');
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return "it has closed its standard input".to_owned();
        }
    }
}

/// Logs what the program writes to standard error.
async fn log<R: AsyncRead + Unpin>(name: &str, stderr: R) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    let mut rest = false;
    loop {
        match lines::next(&mut reader, &mut line, HANDLER_LOG_BYTES_MAX).await {
            Ok(Line::End) | Err(_) => return,
            Ok(read) => {
                if !rest {
                    tracing::debug!(handler = name, "{}", String::from_utf8_lossy(&line).trim_end());
                }
                rest = read == Line::Cut;
            }
        }
    }
}

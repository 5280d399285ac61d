//! `laban serve`: an engine in a directory, until a signal ends it.
//!
//! Prints where it listens and what to try next; logs on standard error, as text on a terminal and as JSON elsewhere.
//! Is not: the engine; `host::serve` is.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::Level;

use crate::cli::Exit;
use crate::cli::args::Serve;
use crate::cli::source::show;
use crate::cli::terminal::{Stream, Terminal, is_terminal};
use crate::config::node::{self, Settings};
use crate::diag::source::Sources;
use crate::host::files;
use crate::host::handlers::{Handlers, Pace};
use crate::host::serve::{Running, start};

/// Runs an engine until it is told to stop.
///
/// # Errors
/// The directory, its settings, its log or its address cannot be used.
pub fn serve(args: &Serve, terminal: &mut Terminal) -> Result<Exit> {
    let directory = args.directory.as_path();
    if !directory.is_dir() {
        bail!("`{}` is no directory; `laban new {}` makes one", directory.display(), directory.display());
    }
    let Some(mut settings) = settings(directory, terminal)? else { return Ok(Exit::Errors) };
    if let Some(listen) = args.listen {
        settings.listen = listen;
    }
    logs(args.log.level());
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let handlers = Handlers::new(Pace::default());
        // Heard from the beginning, so that none is missed between two waits.
        let mut told = Told::listen().context("signals cannot be heard")?;
        let running = start(directory, &settings, handlers.clone()).await?;
        greet(&running, directory, terminal).await;
        until_told(&running, &mut told).await?;
        tracing::info!("stopping: what was taken is written, what runs goes on at the next start");
        tokio::select! {
            () = running.stop() => {}
            () = told.stop() => {
                tracing::warn!("told to stop once more: nothing is waited for");
                handlers.close(Duration::ZERO).await;
            }
        }
        Ok(Exit::Fine)
    });
    // A disk that refuses keeps its writer; the process ends all the same.
    runtime.shutdown_background();
    done
}

/// The settings of the directory; none if something is wrong with them, which has then been shown.
fn settings(directory: &Path, terminal: &mut Terminal) -> Result<Option<Settings>> {
    let path = directory.join("laban.yaml");
    if !path.exists() {
        return Ok(Some(Settings::default()));
    }
    let name = path.display().to_string();
    let text =
        files::text(&path).map_err(|unread| anyhow::anyhow!("`{name}` cannot be read: {}", unread.reason))?;
    let mut sources = Sources::default();
    let source = sources.add(name.as_str(), text.as_str());
    let (settings, said) = node::read(source, &text);
    if said.is_empty() {
        return Ok(Some(settings));
    }
    show(&sources, said, terminal);
    Ok(None)
}

/// Logs go to standard error.
fn logs(level: Level) {
    let logs =
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    // A second subscriber in one process would be a mistake of ours, and changes nothing.
    if is_terminal(Stream::Err) {
        let _ = logs.try_init();
    } else {
        let _ = logs.json().try_init();
    }
}

/// Says where the engine listens, how its directory stands, and what to try next.
async fn greet(running: &Running, directory: &Path, terminal: &mut Terminal) {
    let status = running.deployed();
    let protocols = running.protocols().await;
    terminal.data(&format!("listening at http://{}\n", running.address));
    if !status.text.is_empty() {
        terminal.data(&status.text);
    }
    let count = protocols.len();
    match status.generation {
        0 if count > 0 => terminal
            .data(&format!("the directory is not deployed; {count} protocols run on as they were before\n")),
        0 => terminal
            .data("nothing is deployed yet: mend what is said above and save; the directory is watched\n"),
        _ => terminal
            .data(&format!("{count} protocols of `{}` are deployed; it is watched\n", directory.display())),
    }
    let easy = protocols.iter().find(|(_, needs)| !needs).or_else(|| protocols.first());
    if let Some((name, _)) = easy {
        let at = if directory == Path::new(".") {
            String::new()
        } else {
            format!(" --dir {}", directory.display())
        };
        terminal.data(&format!("try: laban start {name}{at} --watch\n"));
    }
}

/// The signals that this process hears.
struct Told {
    ends: Signal,
    interrupts: Signal,
    looks: Signal,
}

impl Told {
    fn listen() -> std::io::Result<Self> {
        let (ends, interrupts) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { ends, interrupts, looks: signal(SignalKind::hangup())? })
    }

    /// Waits until the process is told to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.ends.recv() => {}
            _ = self.interrupts.recv() => {}
        }
    }
}

/// Waits until the process is told to stop; looks at the directory again where it is told to.
async fn until_told(running: &Running, told: &mut Told) -> Result<()> {
    loop {
        tokio::select! {
            _ = told.ends.recv() => return Ok(()),
            _ = told.interrupts.recv() => return Ok(()),
            _ = told.looks.recv() => running.look_again(),
            () = running.gone() => bail!("the engine has failed, which is a mistake of ours; what it has answered for is in its log"),
        }
    }
}

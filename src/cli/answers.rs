//! Who answers for the roles of a run: a script, the bindings beside the protocol, or the seed.
//!
//! Is not: a person (`play`), and not the participants themselves (`effect`).

use std::path::Path;

use crate::cli::args::Run;
use crate::cli::source::{Ready, show};
use crate::cli::terminal::{Stream, Terminal, style};
use crate::host::beside::{Bound, bound, script_file};

use crate::config::script::Script;
use crate::config::vocabulary::Vocabulary;

use crate::diag::Diagnostic;
use crate::diag::render::{Format, render};
use crate::diag::source::Sources;
use crate::effect::generated::Generated;
use crate::effect::participant::Participant;
use crate::effect::scripted::Scripted;
use crate::machine::cast::Cast;
use crate::tools::run::vocabulary;

/// The participant of all roles; none if a file has errors, which have then been shown.
pub fn participant(
    args: &Run,
    ready: &mut Ready,
    cast: &Cast,
    terminal: &mut Terminal,
) -> Option<Box<dyn Participant>> {
    let words = vocabulary(cast.programs());
    let stand_in = Generated::new(args.seed);
    let read = match &args.script {
        Some(path) => Read::script(path, &words, &mut ready.front.sources),
        None => {
            let bindings = Path::new(&ready.file).with_extension("bindings.yaml");
            if !bindings.is_file() {
                return Some(Box::new(stand_in));
            }
            Read::bindings(&bindings, &words, &mut ready.front.sources)
        }
    };
    match read.script {
        None => {
            show(&ready.front.sources, read.said, terminal);
            None
        }
        Some(script) => {
            let format = Format::Human(style(Stream::Err));
            terminal.write(Stream::Err, &render(format, &ready.front.sources, &read.said));
            Some(Box::new(Scripted::new(script, stand_in)))
        }
    }
}

/// What reading gave: a script, unless something is wrong; and what is to be said.
struct Read {
    script: Option<Script>,
    said: Vec<Diagnostic>,
}

impl Read {
    /// A script file.
    fn script(path: &Path, words: &Vocabulary, sources: &mut Sources) -> Self {
        let (script, said) = script_file(path, words, sources);
        Self { script, said }
    }

    /// Bindings, with the script files that they name.
    fn bindings(path: &Path, words: &Vocabulary, sources: &mut Sources) -> Self {
        let (bound, mut said) = bound(path, words, sources);
        let script = bound.map(|Bound { bindings, scripts }| {
            if bindings.protocol != words.protocol {
                // They are for another protocol of the file.
                return Script::default();
            }
            let (script, mut notes) = bindings.script(&scripts);
            said.append(&mut notes);
            script
        });
        Self { script, said }
    }
}

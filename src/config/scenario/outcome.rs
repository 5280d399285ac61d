//! What is expected: the last column of a line, how things stand, and the messages that both speak of.
//!
//! Is not: a comparison; `tools::scenario` holds it against what happens.

use serde_json::Value as Json;

use crate::config::reader::near;
use crate::config::scenario::read::{Reader, listed};
use crate::config::scenario::words::{Words, split};
use crate::config::scenario::{Event, Expected, Name, Passage, Placed, Standing};
use crate::diag::Diagnostic;
use crate::diag::code::Code;

/// The words that follow a role in what happens.
const HAPPENINGS: [&str; 9] = ["->", "takes", "tells", "decides", "does", "logs", "asked", "done", "raises"];

impl Reader {
    /// `3 times`, where it stands here; none inside where it does not.
    #[expect(clippy::option_option, reason = "nothing said, and something wrong said")]
    pub(super) fn times(&mut self, words: &mut Words<'_>) -> Option<Option<u32>> {
        let mut ahead = *words;
        let (Some(number), Some(word)) = (ahead.word(), ahead.word()) else { return Some(None) };
        let counts = !number.it.is_empty() && number.it.bytes().all(|digit| digit.is_ascii_digit());
        if !counts || !matches!(word.it.as_str(), "times" | "time") {
            return Some(None);
        }
        *words = ahead;
        let times = number.it.parse().ok();
        if times.is_none() {
            let message = format!("nothing happens {} times", number.it);
            let said = Diagnostic::new(Code::E0430, number.at, message);
            self.say(said.help(format!("write a number up to {}", u32::MAX)));
        }
        times.map(Some)
    }

    pub(super) fn arrow(&mut self, words: &mut Words<'_>) -> Option<()> {
        let arrow = self.name(words, "`->`")?;
        if arrow.it == "->" || arrow.it == "→" {
            return Some(());
        }
        self.expected(arrow.at, "`->`", None);
        None
    }

    /// What follows the arrow of a message.
    pub(super) fn passage(&mut self, from: Name, words: &mut Words<'_>) -> Option<Passage> {
        let here = words.here();
        let Some(to) = words.before(':') else {
            self.expected(here, "a receiver and `:`", Some("write it as `A -> B: Message`".to_owned()));
            return None;
        };
        Some(Passage { from, to, message: self.name(words, "a message")? })
    }

    /// `E0508 at Guardian[0]`, each part only where it stands.
    fn aborted(&mut self, words: &mut Words<'_>) -> Option<(Option<Name>, Option<Name>)> {
        let code = (!words.is_empty() && words.peek() != "at").then(|| words.word()).flatten();
        if let Some(code) = &code
            && Code::parse(&code.it).is_none()
        {
            let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
            let diagnostic = Diagnostic::new(Code::E0430, code.at, format!("`{}` is no code", code.it));
            self.say(match near(&code.it, &codes) {
                Some(help) => diagnostic.help(help),
                None => diagnostic.help("`laban explain` prints the table of codes"),
            });
            return None;
        }
        let role = match words.peek() {
            "at" => {
                words.word();
                Some(self.name(words, "a role")?)
            }
            _ => None,
        };
        Some((code, role))
    }

    pub(super) fn standing(&mut self, words: &mut Words<'_>) -> Option<Standing> {
        const ALL: [&str; 5] = ["completed", "aborted", "open", "done", "waits"];
        let word = self.name(words, "`completed`, `aborted`, `open`, `done` or `waits`")?;
        Some(match word.it.as_str() {
            "completed" => Standing::Completed,
            "aborted" => {
                let (code, role) = self.aborted(words)?;
                Standing::Aborted(code, role)
            }
            "open" => Standing::Open,
            "done" => Standing::Done(self.name(words, "a role")?),
            "waits" => {
                let role = self.name(words, "a role")?;
                let wanted = match words.peek() {
                    "for" => {
                        words.word();
                        Some(self.name(words, "a message, a choice or an operation")?)
                    }
                    _ => None,
                };
                Standing::Waits(role, wanted)
            }
            other => {
                self.expected(word.at, &listed(&ALL), near(other, &ALL));
                return None;
            }
        })
    }

    pub(super) fn outcome(&mut self, outcome: Words<'_>) -> Option<Vec<Placed<Expected>>> {
        let mut outcome = outcome;
        let whole = outcome.all();
        if whole.it.is_empty() {
            return Some(Vec::new());
        }
        let mut all = Vec::new();
        for (at, part) in split(whole.it, ';', usize::MAX) {
            let mut words = Words::new(self.source, part, whole.at.start as usize + at);
            let at = words.here();
            let times = self.times(&mut words)?;
            let event = self.event(&mut words)?;
            if !words.is_empty() {
                self.say(Diagnostic::new(Code::E0430, words.here(), "this is too much here"));
                return None;
            }
            all.push(Placed { it: Expected { times, event }, at });
        }
        Some(all)
    }

    fn event(&mut self, words: &mut Words<'_>) -> Option<Event> {
        let first = self.name(words, "what happens")?;
        match first.it.as_str() {
            "nothing" if words.is_empty() => return Some(Event::Nothing),
            "completed" if words.is_empty() => return Some(Event::Completed),
            "aborted" => {
                let (code, role) = self.aborted(words)?;
                return Some(Event::Aborted(code, role));
            }
            _ => {}
        }
        let word = self.name(words, "`->` or what the role does")?;
        Some(match word.it.as_str() {
            "->" | "→" => {
                let passage = self.passage(first, words)?;
                Event::Sent(passage, self.rest(words)?)
            }
            "takes" => {
                let message = self.name(words, "a message")?;
                let from = self.name(words, "`from` and a sender")?;
                let from = if from.it == "from" { self.name(words, "a sender")? } else { from };
                Event::Taken(Passage { from, to: first, message })
            }
            "tells" => Event::Told(
                first,
                self.name(words, "a role")?,
                self.name(words, "a choice and its label, as `Seller#1.accept`")?,
            ),
            "decides" => Event::Decided(first, self.name(words, "a choice")?, self.name(words, "a label")?),
            "does" => {
                let operation = self.name(words, "an operation")?;
                Event::Performed(first, operation, self.rest(words)?)
            }
            "logs" => Event::Logged(first, self.name(words, "a text")?.it),
            "asked" => Event::Asked(first, self.question(words)?),
            "done" => Event::Done(first),
            "raises" => Event::Raised(first, words.all().it.to_owned()),
            other => {
                let message = format!("a role does not `{other}`");
                let diagnostic = Diagnostic::new(Code::E0430, word.at, message);
                let help = near(other, &HAPPENINGS);
                self.say(diagnostic.help(help.unwrap_or_else(|| format!("use {}", listed(&HAPPENINGS)))));
                return None;
            }
        })
    }

    /// The value that the rest is; none inside where nothing is left.
    #[expect(clippy::option_option, reason = "nothing said, and something wrong said")]
    fn rest(&mut self, words: &mut Words<'_>) -> Option<Option<Json>> {
        if words.is_empty() {
            return Some(None);
        }
        Some(Some(self.value(words.all())?.it))
    }
}

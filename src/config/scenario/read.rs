//! Text to table: each line is read by itself, and every mistake of a file is said in one go.
//!
//! Is not: a judge of names; `judge` is, where the protocol is known.

use serde_json::Value as Json;

use crate::base::json;
use crate::base::limits::{CONFIG_BYTES_MAX, CONFIG_VALUES_MAX, DIAGNOSTICS_MAX};
use crate::base::time::Duration;
use crate::config::reader::near;
use crate::config::scenario::words::{Words, is_open, split};
use crate::config::scenario::{Action, Failure, Head, Motion, Name, Placed, Question, Reply, Row, Table};
use crate::config::yaml::{Document, Node};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};

/// The words that begin a line.
const VERBS: [&str; 16] = [
    "protocol", "size", "seed", "auto", "idle", "manual", "scenario", "open", "answer", "fail", "deny",
    "cancel", "lose", "tick", "expect", "step",
];

/// The words of single moves.
const MOTIONS: [&str; 10] =
    ["take", "send", "deny", "decide", "give", "accept", "refuse", "fail", "suppose", "expire"];

/// Reads a table; none if something is wrong.
#[must_use]
pub fn read(source: SourceId, text: &str) -> (Option<Table>, Vec<Diagnostic>) {
    if text.len() > CONFIG_BYTES_MAX {
        let message = format!("the file is larger than {} KiB", CONFIG_BYTES_MAX / 1024);
        let diagnostic = Diagnostic::new(Code::E0402, Span::new(source, 0, 0), message);
        return (None, vec![diagnostic.help("keep large payloads out of scenarios")]);
    }
    let mut reader = Reader { source, said: Vec::new(), values_left: CONFIG_VALUES_MAX };
    let mut table = Table::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let from = start + line.len() - line.trim_start().len();
        let at = Span::new(source, from.min(start + line.len()) as u32, (from + bare.len()) as u32);
        if let Some(row) = reader.row(bare, from) {
            table.rows.push(Placed { it: row, at });
        }
        start += line.len();
    }
    while table.rows.last().is_some_and(|row| row.it == Row::Blank) {
        table.rows.pop();
    }
    reader.order(&table);
    let usable = reader.said.is_empty();
    (usable.then_some(table), reader.said)
}

/// Reads one table.
pub(super) struct Reader {
    pub(super) source: SourceId,
    said: Vec<Diagnostic>,
    /// How many values may follow.
    values_left: usize,
}

impl Reader {
    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        if self.said.len() < DIAGNOSTICS_MAX {
            self.said.push(diagnostic);
        }
    }

    /// Says what would have to stand here.
    pub(super) fn expected(&mut self, at: Span, what: &str, help: Option<String>) {
        let diagnostic = Diagnostic::new(Code::E0430, at, format!("{what} should stand here"));
        self.say(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn row(&mut self, line: &str, from: usize) -> Option<Row> {
        if line.is_empty() {
            return Some(Row::Blank);
        }
        if let Some(comment) = line.strip_prefix('#') {
            return Some(Row::Comment(comment.trim().to_owned()));
        }
        let parts = split(line, '|', 2);
        let mut parts = parts.into_iter().map(|(at, part)| Words::new(self.source, part, from + at));
        let mut words = parts.next()?;
        let outcome = parts.next();
        if is_open(line) {
            let message = "a text in quotes does not end";
            self.say(Diagnostic::new(Code::E0430, words.here(), message).help("write `\"` at its end"));
            return None;
        }
        let verb = words.word().unwrap_or(Placed { it: String::new(), at: words.here() });
        let row = self.verb(&verb, &mut words)?;
        if !words.is_empty() {
            let message = format!("this is too much after `{}`", verb.it);
            self.say(Diagnostic::new(Code::E0430, words.here(), message).help("put a text into quotes"));
            return None;
        }
        match (row, outcome) {
            (Row::Act(action, _), Some(outcome)) => Some(Row::Act(action, self.outcome(outcome)?)),
            (_, Some(outcome)) if !outcome.is_empty() => {
                let message = format!("`{}` is no action, and nothing comes of it", verb.it);
                self.say(Diagnostic::new(Code::E0430, outcome.here(), message));
                None
            }
            (row, _) => Some(row),
        }
    }

    fn verb(&mut self, verb: &Name, words: &mut Words<'_>) -> Option<Row> {
        let head = match verb.it.as_str() {
            "protocol" => Head::Protocol(self.name(words, "a file")?, words.word()),
            "size" => Head::Size(self.sizes(words)?),
            "seed" => Head::Seed(self.number(words, "a number")?),
            "auto" => {
                let first = self.name(words, "`all`, `none` or a role")?;
                Head::Auto(std::iter::once(first).chain(std::iter::from_fn(|| words.word())).collect())
            }
            "idle" => Head::Idle(self.span(words)?),
            "manual" => Head::Manual,
            "scenario" => return Some(Row::Scenario(self.name(words, "a name")?.it)),
            _ => return Some(Row::Act(self.action(verb, words)?, Vec::new())),
        };
        Some(Row::Head(head))
    }

    fn action(&mut self, verb: &Name, words: &mut Words<'_>) -> Option<Action> {
        Some(match verb.it.as_str() {
            "open" => Action::Open(self.params(words)?),
            "answer" => {
                let role = self.name(words, "a role")?;
                let question = self.question(words)?;
                let reply = self.reply(&question, words)?;
                Action::Answer(role, question, reply)
            }
            "fail" => {
                let role = self.name(words, "a role")?;
                let question = self.question(words)?;
                let recoverable = words.peek() == "recoverable";
                if recoverable || words.peek() == "permanent" {
                    words.word();
                }
                let reason = words.word().map_or_else(String::new, |reason| reason.it);
                Action::Fail(role, question, Failure { recoverable, reason })
            }
            "deny" => {
                let times = self.times(words)?;
                let from = self.name(words, "a sender")?;
                self.arrow(words)?;
                Action::Deny(times, self.passage(from, words)?)
            }
            "cancel" => Action::Cancel,
            "lose" => Action::Lose(self.name(words, "a role")?),
            "tick" => Action::Tick(self.span(words)?.it),
            "expect" => {
                let at = words.here();
                Action::Expect(Placed { it: self.standing(words)?, at })
            }
            "step" => Action::Step(self.name(words, "a role")?, self.motion(words)?),
            other => {
                let message = format!("no line of a scenario begins with `{other}`");
                let diagnostic = Diagnostic::new(Code::E0430, verb.at, message);
                self.say(match near(other, &VERBS) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic.help(format!("begin with one of {}", listed(&VERBS))),
                });
                return None;
            }
        })
    }

    fn motion(&mut self, words: &mut Words<'_>) -> Option<Motion> {
        let Some(word) = words.word() else { return Some(Motion::Go) };
        Some(match word.it.as_str() {
            "take" => Motion::Take(self.name(words, "a sender")?),
            "send" => Motion::Send,
            "deny" => Motion::Deny,
            "decide" => Motion::Decide(self.name(words, "a label")?),
            "give" => Motion::Give(self.value(words.all())?),
            "accept" => Motion::Accept,
            "refuse" => Motion::Refuse,
            "fail" => Motion::Fail(self.name(words, "a name")?),
            "suppose" => Motion::Suppose(self.value(words.all())?),
            "expire" => Motion::Expire(self.number(words, "the number of a scope")?),
            other => {
                let help =
                    near(other, &MOTIONS).unwrap_or_else(|| format!("use one of {}", listed(&MOTIONS)));
                let message = format!("no move is called `{other}`");
                self.say(Diagnostic::new(Code::E0430, word.at, message).help(help));
                return None;
            }
        })
    }

    pub(super) fn name(&mut self, words: &mut Words<'_>, what: &str) -> Option<Name> {
        let here = words.here();
        let word = words.word();
        if word.is_none() {
            self.expected(here, what, None);
        }
        word
    }

    fn number<T: std::str::FromStr>(&mut self, words: &mut Words<'_>, what: &str) -> Option<T> {
        let word = self.name(words, what)?;
        let number = word.it.parse().ok();
        if number.is_none() {
            self.expected(word.at, what, None);
        }
        number
    }

    fn span(&mut self, words: &mut Words<'_>) -> Option<Placed<Duration>> {
        let span = self.name(words, "a span of time")?;
        let duration = json::duration(&span.it);
        if duration.is_none() {
            let message = format!("`{}` is no span of time", span.it);
            self.say(Diagnostic::new(Code::E0430, span.at, message).help("write it as `30s` or `250ms`"));
        }
        Some(Placed { it: duration?, at: span.at })
    }

    fn sizes(&mut self, words: &mut Words<'_>) -> Option<Vec<(Name, u32)>> {
        let mut sizes = Vec::new();
        while !words.is_empty() || sizes.is_empty() {
            let here = words.here();
            let pair = words.pair().and_then(|(name, count)| Some((name, count.it.parse().ok()?)));
            let Some(pair) = pair.filter(|(name, _)| !name.it.is_empty()) else {
                self.expected(here, "a family and its members", Some("write it as `Worker=3`".to_owned()));
                return None;
            };
            sizes.push(pair);
        }
        Some(sizes)
    }

    fn params(&mut self, words: &mut Words<'_>) -> Option<Vec<(Name, Placed<Json>)>> {
        let mut params: Vec<(Name, Placed<Json>)> = Vec::new();
        while !words.is_empty() {
            let here = words.here();
            let Some((name, value)) = words.pair().filter(|(name, _)| !name.it.is_empty()) else {
                self.expected(here, "a parameter and its value", Some("write it as `amount=5`".to_owned()));
                return None;
            };
            if params.iter().any(|(have, _)| have.it == name.it) {
                let message = format!("`{}` is given twice", name.it);
                self.say(Diagnostic::new(Code::E0404, name.at, message).help("keep one of them"));
                return None;
            }
            params.push((name, self.value(value)?));
        }
        Some(params)
    }

    /// A value, as YAML or JSON, on its line.
    pub(super) fn value(&mut self, text: Placed<&str>) -> Option<Placed<Json>> {
        if text.it.is_empty() {
            self.expected(text.at, "a value", None);
            return None;
        }
        let shifted =
            |span: Span| Span::new(self.source, text.at.start + span.start, text.at.start + span.end);
        let read = Document::read(self.source, text.it);
        let diagnostic = match read {
            Ok(document) => {
                let parts = parts(&document.root);
                if parts <= self.values_left {
                    self.values_left -= parts;
                    return Some(Placed { it: document.root.to_json(), at: text.at });
                }
                let message = format!("the file holds more than {CONFIG_VALUES_MAX} values");
                Diagnostic::new(Code::E0402, text.at, message)
            }
            Err(mut diagnostic) => {
                diagnostic.primary.span = shifted(diagnostic.primary.span);
                *diagnostic
            }
        };
        if diagnostic.code == Code::E0402 {
            // Nothing that follows is read at the same cost again.
            self.values_left = 0;
        }
        self.say(diagnostic);
        None
    }

    pub(super) fn question(&mut self, words: &mut Words<'_>) -> Option<Question> {
        let word = self.name(words, "`produce`, `decide`, `observe` or an operation")?;
        Some(match word.it.as_str() {
            "produce" => Question::Produce(self.name(words, "a message")?),
            "decide" => Question::Decide(self.name(words, "a choice")?),
            "observe" => Question::Observe(self.name(words, "a message")?),
            operation if operation.contains('.') => Question::Perform(word),
            other => {
                let help = near(other, &["produce", "decide", "observe"]);
                self.expected(word.at, "`produce`, `decide`, `observe` or an operation", help);
                return None;
            }
        })
    }

    fn reply(&mut self, question: &Question, words: &mut Words<'_>) -> Option<Placed<Reply>> {
        let place = |it, at| Some(Placed { it, at });
        match question {
            Question::Produce(_) | Question::Perform(_) => {
                let value = self.value(words.all())?;
                place(Reply::Value(value.it), value.at)
            }
            Question::Decide(_) => {
                let label = self.name(words, "a label")?;
                place(Reply::Label(label.it), label.at)
            }
            Question::Observe(_) => {
                let word = self.name(words, "`accept` or `refuse`")?;
                match word.it.as_str() {
                    "accept" => place(Reply::Accept, word.at),
                    "refuse" => place(Reply::Refuse, word.at),
                    other => {
                        self.expected(word.at, "`accept` or `refuse`", near(other, &["accept", "refuse"]));
                        None
                    }
                }
            }
        }
    }

    /// Says what stands where it means nothing.
    fn order(&mut self, table: &Table) {
        let named = table.rows.iter().any(|row| matches!(row.it, Row::Scenario(_)));
        let manual_for_all = table.rows.iter().take_while(|row| !matches!(row.it, Row::Scenario(_)));
        let manual_for_all = manual_for_all.clone().any(|row| row.it == Row::Head(Head::Manual));
        let (mut inside, mut opened, mut acted, mut manual) = (!named, false, false, manual_for_all);
        for row in &table.rows {
            let wrong = match &row.it {
                Row::Scenario(_) => {
                    (inside, opened, acted, manual) = (true, false, false, manual_for_all);
                    None
                }
                Row::Head(_) if acted => Some("this belongs before the first action of its scenario"),
                Row::Head(head) => {
                    manual |= *head == Head::Manual;
                    None
                }
                Row::Act(..) if !inside => Some("an action belongs to a scenario, below its `scenario` line"),
                Row::Act(action, _) => {
                    acted = true;
                    let again = opened && matches!(action, Action::Open(_));
                    opened |= matches!(action, Action::Open(_));
                    match action {
                        Action::Open(_) if again => Some("the session is open already"),
                        Action::Step(..) if !manual => {
                            Some("only in a `manual` scenario is a step an action")
                        }
                        Action::Open(_) | Action::Deny(..) => None,
                        _ if !opened => Some("nothing can be done before `open`"),
                        _ => None,
                    }
                }
                Row::Blank | Row::Comment(_) => None,
            };
            if let Some(message) = wrong {
                self.say(Diagnostic::new(Code::E0431, row.at, message));
            }
        }
    }
}

/// How many values a node is.
fn parts(node: &Node) -> usize {
    use crate::config::yaml::Kind;
    match &node.kind {
        Kind::List(items) => 1 + items.iter().map(parts).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|entry| 1 + parts(&entry.value)).sum::<usize>(),
        Kind::Tagged(_, inner) => 1 + parts(inner),
        _ => 1,
    }
}

pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

//! YAML as nodes: a text with its values, each of which can say where it stands.
//!
//! In goes a text; out comes a [`Document`], or the one diagnostic that says why it is none. A node is numbered in
//! the order of the text; its place is found, when a diagnostic asks for it, by reading again up to that number,
//! because the YAML reader tells places only of errors.
//! Invariants: bounded in bytes, values and depth, also where aliases multiply; every map has text for names.
//! Is not: a judge of names or types.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value as Json};

use crate::base::fit::Step;
use crate::base::limits::{CONFIG_BYTES_MAX, CONFIG_VALUES_MAX, NESTING_MAX};
use crate::config::brackets;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};

/// A text and its values.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// Which source.
    pub source: SourceId,
    /// The whole text.
    pub text: &'a str,
    /// The outermost value; `Kind::None` for an empty text.
    pub root: Node,
}

/// A value in a text.
#[derive(Clone, Debug)]
pub struct Node {
    /// Which value in the order of the text, names included.
    pub number: u32,
    /// What.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `null`, `~`, or nothing.
    None,
    /// `true`, `false`; `yes` and `no` are text.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text; names may be doubled.
    Map(Vec<Entry>),
    /// `!tag value`
    Tagged(String, Box<Node>),
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name; a number or a truth value as it is usually written.
    pub name: String,
    /// Which value the name is in the order of the text.
    pub number: u32,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// What kind of value this is, for people.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self.kind {
            Kind::None => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Tagged(..) => "a tagged value",
        }
    }

    /// The value as JSON; of doubled names the last stands, tags are left out.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.kind {
            Kind::None => Json::Null,
            Kind::Bool(x) => Json::Bool(*x),
            Kind::Int(x) => Json::from(*x),
            Kind::Float(x) => Json::from(*x),
            Kind::Text(x) => Json::from(x.as_str()),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.name.clone(), entry.value.to_json()));
                Json::Object(entries.collect::<Map<_, _>>())
            }
            Kind::Tagged(_, inner) => inner.to_json(),
        }
    }

    /// The number of the part that a path leads to, or of the last part on the way that is there. Of a field
    /// at the path's end it is the name's number if `named`.
    #[must_use]
    pub fn follow(&self, path: &[Step], named: bool) -> u32 {
        let Some((step, rest)) = path.split_first() else { return self.number };
        match (&self.kind, step) {
            (Kind::Tagged(_, inner), _) => inner.follow(path, named),
            (Kind::List(items), Step::Item(at)) => {
                items.get(*at).map_or(self.number, |item| item.follow(rest, named))
            }
            (Kind::Map(entries), Step::Field(name) | Step::Variant(name)) => {
                match entries.iter().rfind(|entry| entry.name == **name) {
                    Some(entry) if rest.is_empty() && named => entry.number,
                    Some(entry) => entry.value.follow(rest, named),
                    None => self.number,
                }
            }
            _ => self.number,
        }
    }
}

impl<'a> Document<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// `E0401` where it is not YAML, `E0402` where it is too large, too deep, or its aliases are too many.
    pub fn read(source: SourceId, text: &'a str) -> Result<Self, Box<Diagnostic>> {
        if text.len() > CONFIG_BYTES_MAX {
            let message = format!("the file is larger than {} KiB", CONFIG_BYTES_MAX / 1024);
            let diagnostic = Diagnostic::new(Code::E0402, Span::new(source, 0, 0), message);
            return Err(Box::new(diagnostic.help("keep large payloads out of configuration files")));
        }
        if brackets::too_many(text) {
            let message = format!("the file is nested deeper than {NESTING_MAX}");
            return Err(Box::new(Diagnostic::new(Code::E0402, Span::new(source, 0, 0), message)));
        }
        let counter = Counter { next: Cell::new(0), stop: None };
        let seed = Build { counter: &counter, depth: 0 };
        match seed.deserialize(serde_yaml::Deserializer::from_str(text)) {
            Ok(root) => Ok(Self { source, text, root }),
            Err(error) => Err(Box::new(not_yaml(source, text, &error))),
        }
    }

    /// Where the value or name of this number stands: its first line, without what follows it.
    #[must_use]
    pub fn place(&self, number: u32) -> Span {
        let counter = Counter { next: Cell::new(0), stop: Some(number) };
        let seed = Build { counter: &counter, depth: 0 };
        let error = seed.deserialize(serde_yaml::Deserializer::from_str(self.text)).err();
        let start = error
            .and_then(|error| error.location())
            .map_or(0, |location| byte_at(self.text, location.line(), location.column()));
        Span::new(self.source, start as u32, token_end(self.text, start) as u32)
    }
}

/// The diagnostic for a text that the YAML reader refuses.
fn not_yaml(source: SourceId, text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let start = error.location().map_or(0, |location| byte_at(text, location.line(), location.column()));
    let span = Span::new(source, start as u32, token_end(text, start) as u32);
    let whole = error.to_string();
    let reason = whole.split(" at line ").next().unwrap_or_default();
    // Errors of our own begin with this mark, behind the path that the reader puts before them.
    if let Some((_, bound)) = reason.rsplit_once(BOUND) {
        return Diagnostic::new(Code::E0402, span, bound.to_owned());
    }
    if reason.starts_with("repetition limit") || reason.starts_with("recursion limit") {
        return Diagnostic::new(Code::E0402, span, "aliases or nesting make the file too large")
            .help("write the values out instead of repeating them by `*alias`");
    }
    if let Some((_, ours)) = reason.rsplit_once(OURS) {
        return Diagnostic::new(Code::E0401, span, ours.to_owned());
    }
    Diagnostic::new(Code::E0401, span, format!("this is not YAML: {reason}"))
}

/// Marks an error of ours about a bound, and one about something else.
const BOUND: &str = "\u{1}bound:";
const OURS: &str = "\u{1}ours:";

/// Numbers values in the order of the text, and stops at one of them.
struct Counter {
    next: Cell<u32>,
    stop: Option<u32>,
}

impl Counter {
    fn count<E: serde::de::Error>(&self) -> Result<u32, E> {
        let number = self.next.get();
        self.next.set(number + 1);
        if self.stop == Some(number) {
            return Err(E::custom("here"));
        }
        if number as usize >= CONFIG_VALUES_MAX {
            return Err(E::custom(format!("{BOUND}the file holds more than {CONFIG_VALUES_MAX} values")));
        }
        Ok(number)
    }
}

#[derive(Clone, Copy)]
struct Build<'a> {
    counter: &'a Counter,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Build<'_> {
    fn node<E: serde::de::Error>(self, kind: Kind) -> Result<Node, E> {
        Ok(Node { number: self.counter.count()?, kind })
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= NESTING_MAX {
            return Err(E::custom(format!("{BOUND}the file is nested deeper than {NESTING_MAX}")));
        }
        Ok(Self { counter: self.counter, depth: self.depth + 1 })
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.node(Kind::None)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        self.node(Kind::None)
    }

    fn visit_bool<E: serde::de::Error>(self, x: bool) -> Result<Node, E> {
        self.node(Kind::Bool(x))
    }

    fn visit_i64<E: serde::de::Error>(self, x: i64) -> Result<Node, E> {
        self.node(Kind::Int(x))
    }

    fn visit_u64<E: serde::de::Error>(self, x: u64) -> Result<Node, E> {
        let x = i64::try_from(x).map_err(|_| E::custom(format!("{OURS}the number is beyond 64 bits")))?;
        self.node(Kind::Int(x))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Node, E> {
        Err(E::custom(format!("{OURS}the number is beyond 64 bits")))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Node, E> {
        Err(E::custom(format!("{OURS}the number is beyond 64 bits")))
    }

    fn visit_f64<E: serde::de::Error>(self, x: f64) -> Result<Node, E> {
        if !x.is_finite() {
            return Err(E::custom(format!("{OURS}numbers are finite here")));
        }
        self.node(Kind::Float(x))
    }

    fn visit_str<E: serde::de::Error>(self, x: &str) -> Result<Node, E> {
        self.node(Kind::Text(x.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let number = self.counter.count()?;
        let inside = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Node { number, kind: Kind::List(list) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let number = self.counter.count()?;
        let inside = self.deeper()?;
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(inside)? {
            let name = match key.kind {
                Kind::Text(text) => text,
                Kind::Bool(x) => x.to_string(),
                Kind::Int(x) => x.to_string(),
                Kind::Float(x) => x.to_string(),
                Kind::None => "null".to_owned(),
                _ => return Err(A::Error::custom(format!("{OURS}a name is text here, not {}", key.what()))),
            };
            map.push(Entry { name, number: key.number, value: entries.next_value_seed(inside)? });
        }
        Ok(Node { number, kind: Kind::Map(map) })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let number = self.counter.count()?;
        let inside = self.deeper()?;
        let (tag, value) = tagged.variant::<String>()?;
        let inner = value.newtype_variant_seed(inside)?;
        Ok(Node { number, kind: Kind::Tagged(tag, Box::new(inner)) })
    }
}

/// The byte at a line and a column, both from 1, columns in characters; the text's end where it has no such place.
fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for part in text.split_inclusive('\n').take(line.saturating_sub(1)) {
        start += part.len();
    }
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + within
}

/// Where the word, the quoted text, the bracketed list or the first line that begins at a byte ends.
fn token_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let opening = line.chars().next();
    if let Some(quote @ ('"' | '\'')) = opening {
        let closing = line.char_indices().skip(1).find(|(_, c)| *c == quote);
        return start + closing.map_or(line.len(), |(at, _)| at + 1);
    }
    let bracketed = matches!(opening, Some('[' | '{'));
    let mut open = 0usize;
    for (at, c) in line.char_indices() {
        let after = line.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            '[' | '{' => open += 1,
            ']' | '}' if open == 0 => return start + line.get(..at).unwrap_or(line).trim_end().len(),
            ']' | '}' => {
                open -= 1;
                if open == 0 && bracketed {
                    return start + at + 1;
                }
            }
            ',' | ':' if open == 0 && (c == ',' || after.is_empty() || after.starts_with(' ')) => {
                return start + at;
            }
            ' ' if after.starts_with('#') => return start + line.get(..at).unwrap_or(line).trim_end().len(),
            _ => {}
        }
    }
    start + line.trim_end().len()
}

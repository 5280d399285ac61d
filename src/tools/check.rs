//! Checks protocols: everything that is wrong with them, and a report of each.
//!
//! In come sources that were read; out come findings in order, and one row a protocol. Rows are what
//! `schemas/report.schema.json` describes; their types are the border and change only together with it.
//! Is not: a second judge. What is said here was found by `pipeline`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::Serializer;

use crate::base::id::RoleId;
use crate::diag::render::{self, json};
use crate::diag::source::{SourceId, Sources};
use crate::diag::{Diagnostic, Severity};
use crate::global::protocol::Protocol;
use crate::local::projection::{Bound, Projection, Selection};
use crate::pipeline::{Built, Front, Options, has_errors};

/// What was found.
#[derive(Debug)]
pub struct Findings {
    /// In the order of files and places, each once; of each file not more than a person reads.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    pub hidden: usize,
    /// One for each protocol, and one for each file that was not understood.
    pub rows: Vec<Row>,
}

/// What is reported of one protocol.
#[derive(Debug)]
pub struct Row {
    /// The file's path as shown.
    pub file: String,
    /// The protocol's name; none where the file was not understood.
    pub protocol: Option<String>,
    /// Its roles, families expanded.
    pub roles: Vec<String>,
    /// Whether roles can follow it, selections included; none where that could not be judged.
    pub coherent: Option<bool>,
    /// The selections that were inserted.
    pub selections: Vec<Told>,
    /// The bound of each channel, by `A->B`: the largest of its lanes.
    pub bounds: BTreeMap<String, Bound>,
    /// What was found of liveness.
    pub liveness: Living,
    /// The errors of this row.
    pub errors: Vec<Diagnostic>,
}

/// A selection as reported.
#[derive(Serialize, Debug)]
pub struct Told {
    from: String,
    to: String,
    label: String,
    choice: String,
    line: usize,
}

/// Liveness as reported.
#[derive(Serialize, Debug, Default)]
pub struct Living {
    released: Vec<String>,
    starving: Vec<String>,
    unfair: Vec<String>,
}

/// Builds every choreography of the roots and gathers what is said of them.
#[must_use]
pub fn check(front: &Front, options: &Options) -> Findings {
    let mut diagnostics = front.diagnostics.clone();
    let mut rows: Vec<(usize, Row)> = Vec::new();
    for (index, file) in front.files.iter().enumerate().filter(|(_, file)| file.root && !file.whole) {
        let mut errors = errors(&front.diagnostics, file.source);
        render::cap(&mut errors);
        rows.push((index, Row::unjudged(&file.name, None, errors)));
    }
    for which in &front.choreographies {
        let built = front.build(which, options);
        if let Some(file) = front.files.get(which.module).filter(|file| file.whole) {
            let said = errors(&front.diagnostics, file.source);
            rows.push((which.module, row(&front.sources, &file.name, &which.name, &built, said)));
        }
        diagnostics.extend(built.diagnostics);
    }
    rows.sort_by_key(|(module, _)| *module);
    render::arrange(&front.sources, &mut diagnostics);
    let hidden = render::cap(&mut diagnostics);
    Findings { diagnostics, hidden, rows: rows.into_iter().map(|(_, row)| row).collect() }
}

/// The rows as JSON: one array, a row a line.
#[must_use]
pub fn report(sources: &Sources, rows: &[Row]) -> String {
    json::lines(rows.iter().map(|row| Shown {
        file: &row.file,
        protocol: row.protocol.as_deref(),
        roles: &row.roles,
        coherent: row.coherent,
        selections: &row.selections,
        bounds: row.bounds.iter().map(|(channel, bound)| (channel.as_str(), Limit(*bound))).collect(),
        liveness: &row.liveness,
        errors: row.errors.iter().map(|diagnostic| json::shown(sources, diagnostic)).collect(),
    }))
}

/// A row as it crosses the border.
#[derive(Serialize, Debug)]
struct Shown<'a> {
    file: &'a str,
    protocol: Option<&'a str>,
    roles: &'a [String],
    coherent: Option<bool>,
    selections: &'a [Told],
    bounds: BTreeMap<&'a str, Limit>,
    liveness: &'a Living,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<json::Shown<'a>>,
}

/// A bound as it crosses the border: a number, or `"unbounded"`.
#[derive(Debug)]
struct Limit(Bound);

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Bound::Messages(count) => serializer.serialize_u32(count),
            Bound::Unbounded => serializer.serialize_str("unbounded"),
        }
    }
}

impl Row {
    /// The row of what could not be judged.
    fn unjudged(file: &str, protocol: Option<&str>, errors: Vec<Diagnostic>) -> Self {
        Self {
            file: file.to_owned(),
            protocol: protocol.map(str::to_owned),
            roles: Vec::new(),
            coherent: None,
            selections: Vec::new(),
            bounds: BTreeMap::new(),
            liveness: Living::default(),
            errors,
        }
    }
}

/// The row of a protocol; `said` are the errors of its file.
fn row(sources: &Sources, file: &str, name: &str, built: &Built, said: Vec<Diagnostic>) -> Row {
    let own = built.diagnostics.iter().filter(|d| d.severity == Severity::Error).cloned();
    let mut errors: Vec<Diagnostic> = said.into_iter().chain(own).collect();
    render::arrange(sources, &mut errors);
    render::cap(&mut errors);
    let mut row = Row::unjudged(file, Some(name), errors);
    let Some(protocol) = &built.protocol else { return row };
    row.roles = protocol.roles.iter().map(|role| role.name.clone()).collect();
    let Some(projection) = &built.projection else {
        row.coherent = Some(false);
        return row;
    };
    row.coherent = Some(true);
    row.selections = projection.selections.iter().map(|one| told(sources, protocol, one)).collect();
    for ((from, to, _), bound) in &projection.bounds {
        let channel = format!("{}->{}", role(protocol, *from), role(protocol, *to));
        let slot = row.bounds.entry(channel).or_insert(*bound);
        *slot = (*slot).max(*bound);
    }
    row.liveness = living(protocol, projection);
    row
}

/// The errors that stand in one source.
fn errors(diagnostics: &[Diagnostic], source: SourceId) -> Vec<Diagnostic> {
    let here = |d: &&Diagnostic| d.severity == Severity::Error && d.primary.span.source == source;
    diagnostics.iter().filter(here).cloned().collect()
}

/// A selection with its names.
fn told(sources: &Sources, protocol: &Protocol, selection: &Selection) -> Told {
    let choice = protocol.choices.get(selection.choice.index());
    let branch = usize::from(selection.branch);
    let place = choice.map(|choice| choice.branches.get(branch).copied().unwrap_or(choice.span));
    let line = place.and_then(|span| sources.source(span.source).map(|s| s.line_column(span.start).0));
    Told {
        from: choice.map_or_else(String::new, |choice| role(protocol, choice.owner)),
        to: role(protocol, selection.to),
        label: choice
            .and_then(|choice| choice.labels.get(branch))
            .map_or_else(String::new, ToString::to_string),
        choice: choice.map_or_else(String::new, |choice| choice.name.to_string()),
        line: line.unwrap_or(1),
    }
}

/// Liveness with names.
fn living(protocol: &Protocol, projection: &Projection) -> Living {
    let names = |roles: &[RoleId]| roles.iter().map(|id| role(protocol, *id)).collect();
    let liveness = &projection.liveness;
    Living {
        released: names(&liveness.released),
        starving: names(&liveness.starving),
        unfair: names(&liveness.unfair),
    }
}

/// The name of a role.
fn role(protocol: &Protocol, id: RoleId) -> String {
    protocol.roles.get(id.index()).map_or_else(String::new, |role| role.name.clone())
}

/// Whether anything found is an error.
#[must_use]
pub fn failed(findings: &Findings) -> bool {
    has_errors(&findings.diagnostics)
}

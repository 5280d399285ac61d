//! Blocks and statements, and how the parser goes on after a mistake.
//!
//! A statement that cannot be read is reported once; then tokens are passed over, brackets with all they hold, up
//! to the next border: a `;`, the end of the block, or a word that begins a line. So one mistake is one diagnostic,
//! and the statements behind it are read.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Applicability, Diagnostic, Edit, nearest};
use crate::syntax::lexer::opens;
use crate::syntax::parse::basic::{begins_branch, deeper, expect, role_led};
use crate::syntax::parse::call::{call, fail};
use crate::syntax::parse::exchange::role_statement;
use crate::syntax::parse::file::begins_item;
use crate::syntax::parse::role::annotations;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, found, missing, report, said, shortened, unexpected};
use crate::syntax::parse::{choice, control, par, scope};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Annotation, Block, Docs, Place, Stmt, StmtKind};

/// What ends the statements of a block before its `}`.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// The label of the next branch.
    pub(super) label: bool,
    /// The `|` before the next branch.
    pub(super) pipe: bool,
    /// The `else` of the `if` whose block this is.
    pub(super) otherwise: bool,
}

impl Ends {
    /// Nothing but `}`.
    pub(super) const BRACE: Self = Self { label: false, pipe: false, otherwise: false };

    /// Whether the statements end here.
    pub(super) fn here(self, input: Tokens<'_>) -> bool {
        match input.kind(0) {
            Kind::BraceClose | Kind::End => true,
            Kind::Pipe => self.pipe,
            Kind::Name => {
                self.label && begins_branch(input)
                    || self.otherwise && begins_else(input)
                    || input.token(0).first && begins_item(input)
            }
            _ => false,
        }
    }
}

/// The words that begin a statement.
const KEYWORDS: [&str; 14] = [
    "choice",
    "if",
    "loop",
    "rec",
    "continue",
    "break",
    "for",
    "par",
    "parallel",
    "call",
    "sub_protocol",
    "try",
    "fail",
    "return",
];

/// Whether a statement begins here with its keyword, judged by what follows it.
pub(super) fn keyword_led(input: Tokens<'_>) -> bool {
    match input.word(0) {
        "choice" | "rec" | "for" | "call" | "sub_protocol" | "fail" | "try" => input.kind(1) == Kind::Name,
        "if" => matches!(input.kind(1), Kind::Name | Kind::ParenOpen | Kind::Not),
        "loop" => matches!(input.kind(1), Kind::Name | Kind::ParenOpen | Kind::BraceOpen),
        "par" => input.kind(1) == Kind::BraceOpen || input.word(1) == "for",
        "parallel" | "return" => input.kind(1) == Kind::BraceOpen,
        "continue" | "break" => true,
        _ => false,
    }
}

/// `{ … }`
pub(super) fn block(start: Tokens<'_>) -> Outcome<'_, Block> {
    braced(start, Ends::BRACE)
}

/// The block of an `if`: an `else` inside it shows that its `}` was forgotten.
pub(super) fn block_before_else(start: Tokens<'_>) -> Outcome<'_, Block> {
    braced(start, Ends { otherwise: true, ..Ends::BRACE })
}

/// Whether `else {` or `else if` stands here.
fn begins_else(input: Tokens<'_>) -> bool {
    input.word(0) == "else" && (input.kind(1) == Kind::BraceOpen || input.word(1) == "if")
}

fn braced(start: Tokens<'_>, ends: Ends) -> Outcome<'_, Block> {
    deeper(start, |start| {
        let (rest, _) = expect(Kind::BraceOpen, "`{`").parse(start)?;
        let (rest, stmts) = statements(rest, ends);
        let rest = close(start, rest);
        Ok((rest, Block { stmts, place: start.place(rest) }))
    })
}

/// The `}` that belongs to the `{` at `open`; one that is missing is said and supplied.
pub(super) fn close<'a>(open: Tokens<'a>, input: Tokens<'a>) -> Tokens<'a> {
    if input.kind(0) == Kind::BraceClose {
        return input.skip(1);
    }
    if input.scene.found.borrow().swallowed {
        return input;
    }
    let mut said = Diagnostic::new(Code::E0006, input.behind(), "this block is not closed")
        .here("expected `}`")
        .also(open.span(0), "opened here");
    if begins_else(input) {
        let span = Span { end: input.span(0).start, ..input.span(0) };
        let edits = vec![Edit { span, text: "} ".to_owned() }];
        said = said.fix("close it before the `else`", Applicability::Safe, edits);
    }
    input.report(said);
    input
}

/// Statements up to an end. Mistakes are reported on the way.
pub(super) fn statements<'a>(mut input: Tokens<'a>, ends: Ends) -> (Tokens<'a>, Vec<Stmt>) {
    let mut stmts = Vec::new();
    loop {
        while input.kind(0) == Kind::Semicolon {
            input = input.skip(1);
        }
        if ends.here(input) || input.over() {
            return (input, stmts);
        }
        input = one(input, ends, &mut stmts);
    }
}

/// Blocks behind a `par`, which were meant as its branches: said once, and passed over.
fn behind_par(mut input: Tokens<'_>) -> Tokens<'_> {
    input.report(
        Diagnostic::new(Code::E0012, input.span(0), "a block behind `par`")
            .here("not a branch: it stands outside the braces")
            .help("move it inside: branches of `par` are blocks inside its braces"),
    );
    while input.kind(0) == Kind::BraceOpen {
        input = input.skip(input.past(0));
    }
    input
}

/// One statement, added to `stmts`, or what lies between a mistake and the next border.
///
/// Statements are large: they are made behind the recursion, so that no frame of it holds one.
pub(super) fn one<'a>(input: Tokens<'a>, ends: Ends, stmts: &mut Vec<Stmt>) -> Tokens<'a> {
    if input.kind(0) == Kind::BraceOpen && matches!(stmts.last(), Some(Stmt { kind: StmtKind::Par(_), .. })) {
        return behind_par(input);
    }
    match stmt(input, stmts) {
        Ok((rest, ())) => rest,
        Err(error) => border(input, report(input, error), ends),
    }
}

/// The border of statements at or behind the token `at`, where the statement that begins at `start` went wrong.
pub(super) fn border<'a>(start: Tokens<'a>, at: usize, ends: Ends) -> Tokens<'a> {
    let mut input = behind_group(start, at);
    loop {
        let token = input.token(0);
        let begun = input.at > start.at;
        if ends.here(input) {
            return input;
        } else if token.kind == Kind::Semicolon {
            return input.skip(1);
        } else if begun && token.first && matches!(token.kind, Kind::Name | Kind::Annotate) {
            return input;
        }
        input = if opens(token.kind) { input.skip(input.past(0)) } else { input.skip(1) };
    }
}

/// The token `at`, or the end of the brackets around it that the statement has opened: what is left of a list in
/// them is no statement. Brackets in which another statement begins a line were not closed, and hold nothing.
fn behind_group<'a>(start: Tokens<'a>, at: usize) -> Tokens<'a> {
    let wrong = Tokens { at: at.max(start.at), ..start };
    let mut input = start;
    while input.at < wrong.at {
        let end = input.skip(input.past(0));
        let left = end.at.saturating_sub(1).saturating_sub(wrong.at);
        let begun = |ahead: &usize| {
            let here = wrong.skip(*ahead);
            here.token(0).first && (role_led(here) || keyword_led(here))
        };
        if end.at <= wrong.at {
            input = end;
        } else if (0..left).all(|ahead| !begun(&ahead)) {
            return end;
        } else {
            input = input.skip(1);
        }
    }
    wrong
}

/// A statement with its documentation and annotations.
fn stmt<'a>(start: Tokens<'a>, stmts: &mut Vec<Stmt>) -> Outcome<'a, ()> {
    let docs = start.docs();
    let (mut input, mut annotations) = (start, Vec::new());
    while input.kind(0) == Kind::Annotate {
        let (rest, mut more) = self::annotations(input)?;
        annotations.append(&mut more);
        input = rest;
    }
    let (rest, kind) = kind(input)?;
    add(stmts, docs, annotations, kind, start.place(rest));
    Ok((rest, ()))
}

fn add(stmts: &mut Vec<Stmt>, docs: Docs, annotations: Vec<Annotation>, kind: Box<StmtKind>, place: Place) {
    stmts.push(Stmt { docs, annotations, kind: *kind, place });
}

fn kind(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    if role_led(input) {
        return role_statement(input);
    }
    if let Some(parser) = by_keyword(input, input.word(0)) {
        // Behind the keyword nothing else can be meant.
        return cut(parser).parse(input);
    }
    match (input.kind(0), input.kind(1), input.kind(2)) {
        (Kind::Name, Kind::BracketOpen | Kind::Annotate, _)
        | (Kind::Name, Kind::FatArrow | Kind::Greater | Kind::GreaterEqual, _)
        | (Kind::Name, Kind::Minus, Kind::Greater) => role_statement(input),
        (Kind::Name, Kind::Name, _) if matches!(input.word(1), "does" | "let") => role_statement(input),
        (Kind::Name, Kind::Less, Kind::Minus) => backwards(input),
        (Kind::Name, Kind::Colon, _) => missing_choice(input),
        (Kind::Name, Kind::Name, _) if input.word(0) == "let" => {
            let name = shortened(input.word(1));
            habit(
                input,
                "`let` has no role",
                "needs to know who keeps the value",
                format!("say who: `R let {name} = …`"),
            )
        }
        (Kind::Name, Kind::Name, Kind::Name)
            if input.word(0) == "at" && by_keyword(input, input.word(2)).is_some() =>
        {
            let (role, word) = (shortened(input.word(1)), input.word(2));
            let help = format!(
                "write `{word} at {role}` for a choice, and `at {role}` behind the condition of an `if`"
            );
            habit(input, "`at` begins no statement", "the owner stands behind the keyword", help)
        }
        (Kind::Name, Kind::BraceOpen, _) if input.word(0) == "else" => habit(
            input,
            "`else` has no `if` before it",
            "begins no statement",
            "put it right behind the `}` of an `if`",
        ),
        (Kind::Name, Kind::Name | Kind::BraceOpen | Kind::ParenOpen, _) => near_keyword(input),
        (Kind::Name, _, _) => missing(input.skip(1), "`->`, `does` or `let` behind the role"),
        _ => missing(input, "a statement"),
    }
}

type StmtParser = fn(Tokens<'_>) -> Outcome<'_, Box<StmtKind>>;

/// The parser of the statement that a keyword begins.
fn by_keyword(input: Tokens<'_>, word: &str) -> Option<StmtParser> {
    Some(match word {
        "choice" => choice::choice,
        "if" => control::conditional,
        "loop" => control::repeated,
        "rec" => control::rec,
        "continue" => control::go_on,
        "break" => control::leave,
        "for" => control::each,
        "par" if input.word(1) == "for" => control::par_each,
        "par" | "parallel" => par::par,
        "call" => call,
        "sub_protocol" => control::sub,
        "try" => scope::scope,
        "fail" => fail,
        "return" => control::give,
        _ => return None,
    })
}

/// A habit from elsewhere: what is wrong, what stands here, and what to write instead.
pub(super) fn habit<'a, T>(
    input: Tokens<'a>,
    message: &str,
    here: &str,
    help: impl Into<String>,
) -> Outcome<'a, T> {
    said(input, Diagnostic::new(Code::E0001, input.span(0), message).here(here).help(help))
}

/// `B <- A: M`
fn backwards(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (to, from) = (shortened(input.word(0)), shortened(input.word(3)));
    let from = if from.is_empty() { "R".to_owned() } else { from };
    let span = input.span(1).to(input.span(2));
    let diagnostic = Diagnostic::new(Code::E0001, span, "expected `->`, found `<-`")
        .here("an arrow leads from the sender to the receiver")
        .help(format!("write the sender first: `{from} -> {to}`"));
    said(input.skip(1), diagnostic)
}

fn missing_choice(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let label = shortened(input.word(0));
    let diagnostic =
        Diagnostic::new(Code::E0001, input.span(0), format!("a branch `{label}:` outside a choice"))
            .here("begins no statement")
            .help("put the branches into `choice at R { … }`");
    said(input, diagnostic)
}

/// A word that is almost a keyword is said, and read as that keyword.
fn near_keyword(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let word = input.word(0);
    let near = nearest(word, KEYWORDS).filter(|near| near.len() > 3 || near.len() == word.len());
    let shown = shortened(word);
    let diagnostic = Diagnostic::new(Code::E0011, input.span(0), format!("`{shown}` begins no statement"));
    let Some(near) = near else {
        let next = found(input.skip(1));
        let diagnostic = diagnostic
            .here(format!("no keyword, and {next} follows"))
            .help("begin with a role and `->`, or with a keyword such as `choice`, `loop` or `par`");
        return said(input, diagnostic);
    };
    let edits = vec![Edit { span: input.span(0), text: near.to_owned() }];
    input.report(diagnostic.here(format!("did you mean `{near}`?")).fix(
        format!("write `{near}`"),
        Applicability::Unsafe,
        edits,
    ));
    match by_keyword(input, near) {
        Some(parser) => cut(parser).parse(input),
        None => missing(input, "a statement"),
    }
}

/// What a statement's parser gives: boxed, because many frames of a deep text's stack hold one.
pub(super) fn done(rest: Tokens<'_>, kind: StmtKind) -> Outcome<'_, Box<StmtKind>> {
    Ok((rest, Box::new(kind)))
}

/// A block that holds this one statement.
pub(super) fn alone(stmt: Stmt) -> Block {
    let place = stmt.place;
    Block { stmts: vec![stmt], place }
}

/// `:` before what a label stands for; one that was forgotten before a `{` is said and supplied.
pub(super) fn colon_before_block<'a>(input: Tokens<'a>, what: &'static str) -> Outcome<'a, ()> {
    if input.kind(0) == Kind::Colon {
        return Ok((input.skip(1), ()));
    }
    if input.kind(0) != Kind::BraceOpen {
        return missing(input, what);
    }
    let span = input.behind();
    let edits = vec![Edit { span, text: ":".to_owned() }];
    input.report(unexpected(input, what).fix("add the `:`", Applicability::Safe, edits));
    Ok((input, ()))
}

/// The place of statements without braces, from `start` to `end`.
pub(super) fn over<'a>(start: Tokens<'a>, end: Tokens<'a>) -> Place {
    if start.at == end.at { Place(start.behind()) } else { start.place(end) }
}

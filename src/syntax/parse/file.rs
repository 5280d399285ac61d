//! Files: imports, declarations and choreographies, and how the parser goes on after a broken one.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::code::Code;
use crate::diag::{Applicability, Diagnostic, Edit, nearest};
use crate::syntax::lexer::opens;
use crate::syntax::parse::basic::{bind, mark};
use crate::syntax::parse::block::close;
use crate::syntax::parse::choreography::{attributes, begins_choreography, choreography, named};
use crate::syntax::parse::declaration::{constant, effect, enumeration, message, type_alias};
use crate::syntax::parse::text::plain_text;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing, report, shortened};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Attribute, Choreography, Docs, Import, Item};

/// The words that begin a declaration.
const KEYWORDS: [&str; 8] =
    ["import", "const", "message", "type", "enum", "effect", "choreography", "protocol"];

/// Whether a declaration begins here, judged by what follows its keyword.
pub(super) fn begins_item(input: Tokens<'_>) -> bool {
    let named = input.kind(1) == Kind::Name;
    match input.word(0) {
        "import" => input.kind(1) == Kind::TextOpen,
        "const" => named && input.kind(2) == Kind::Assign,
        "message" | "type" => named && matches!(input.kind(2), Kind::BraceOpen | Kind::Assign),
        "enum" | "effect" => named && input.kind(2) == Kind::BraceOpen,
        "choreography" if input.kind(1) == Kind::Not => true,
        _ => begins_choreography(input),
    }
}

/// Every declaration up to the end.
pub(super) fn items(mut input: Tokens<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    while !input.ended() && !input.over() {
        if input.kind(0) == Kind::Semicolon {
            input = input.skip(1);
            continue;
        }
        match item(input) {
            Ok((rest, mut more)) => {
                items.append(&mut more);
                input = rest;
            }
            Err(error) => {
                let at = report(input, error);
                input = border(input, at);
            }
        }
    }
    items
}

/// The next declaration at or behind the token `at`, where the one that begins at `start` went wrong.
fn border<'a>(start: Tokens<'a>, at: usize) -> Tokens<'a> {
    let mut input = Tokens { at: at.max(start.at), ..start };
    while !input.ended() {
        let token = input.token(0);
        if input.at > start.at && (token.first && begins_item(input) || token.kind == Kind::Attribute) {
            return input;
        }
        input = if opens(token.kind) { input.skip(input.past(0)) } else { input.skip(1) };
    }
    input
}

/// A declaration; the wrapper `choreography! { … }` may hold several.
fn item(input: Tokens<'_>) -> Outcome<'_, Vec<Item>> {
    if input.kind(0) == Kind::Attribute {
        let (rest, (docs, attributes)) = attributes(input)?;
        if rest.word(0) == "choreography" && rest.kind(1) == Kind::Not {
            return wrapper(rest, docs, attributes);
        }
        return choreography.map(|one| vec![Item::Choreography(one)]).parse(input);
    }
    if let Some(parsed) = by_keyword(input, input.word(0)) {
        return parsed;
    }
    let near =
        nearest(input.word(0), KEYWORDS).filter(|_| matches!(input.kind(1), Kind::Name | Kind::TextOpen));
    let Some(near) = near else { return missing(input, "a declaration") };
    let edits = vec![Edit { span: input.span(0), text: near.to_owned() }];
    input.report(
        Diagnostic::new(
            Code::E0011,
            input.span(0),
            format!("`{}` begins no declaration", shortened(input.word(0))),
        )
        .here(format!("did you mean `{near}`?"))
        .fix(format!("write `{near}`"), Applicability::Unsafe, edits),
    );
    by_keyword(input, near).unwrap_or_else(|| missing(input, "a declaration"))
}

fn by_keyword<'a>(input: Tokens<'a>, word: &str) -> Option<Outcome<'a, Vec<Item>>> {
    Some(match word {
        "import" => cut(import).map(|item| vec![Item::Import(item)]).parse(input),
        "const" => cut(constant).map(|item| vec![Item::Const(item)]).parse(input),
        "message" => cut(message).map(|item| vec![Item::Message(item)]).parse(input),
        "type" => cut(type_alias).map(|item| vec![Item::Type(item)]).parse(input),
        "enum" => cut(enumeration).map(|item| vec![Item::Enum(item)]).parse(input),
        "effect" => cut(effect).map(|item| vec![Item::Effect(item)]).parse(input),
        "choreography" if input.kind(1) == Kind::Not => wrapper(input, input.docs(), Vec::new()),
        "choreography" | "protocol" => choreography.map(|one| vec![Item::Choreography(one)]).parse(input),
        _ => return None,
    })
}

/// `import "path" as alias`
fn import(start: Tokens<'_>) -> Outcome<'_, Import> {
    let (rest, (path, path_place)) = plain_text(start.skip(1), "a path in quotes")?;
    let (rest, alias) = bind(rest)?;
    Ok((rest, Import { path, path_place, alias, place: start.place(rest) }))
}

/// `choreography! { … }`, whose choreographies may stand without a keyword. Attributes before it are those of
/// the first, as its documentation is.
fn wrapper<'a>(start: Tokens<'a>, mut docs: Docs, mut attributes: Vec<Attribute>) -> Outcome<'a, Vec<Item>> {
    let open = start.skip(2);
    let (mut input, _) = cut(mark(Kind::BraceOpen)).parse(open)?;
    let mut items = Vec::new();
    while !input.ended() && input.kind(0) != Kind::BraceClose && !input.over() {
        if input.kind(0) == Kind::Semicolon {
            input = input.skip(1);
            continue;
        }
        match wrapped(input) {
            Ok((rest, mut choreography)) => {
                docs.append(&mut choreography.docs);
                choreography.docs = std::mem::take(&mut docs);
                attributes.append(&mut choreography.attributes);
                choreography.attributes = std::mem::take(&mut attributes);
                items.push(Item::Choreography(choreography));
                input = rest;
            }
            Err(error) => {
                let at = report(input, error);
                return Ok((border(start, at.max(start.past(2) + start.at)), items));
            }
        }
    }
    Ok((close(open, input), items))
}

fn wrapped(start: Tokens<'_>) -> Outcome<'_, Choreography> {
    let (input, (docs, attributes)) = attributes(start)?;
    let keyword = matches!(input.word(0), "choreography" | "protocol") && input.kind(1) == Kind::Name;
    let rest = if keyword { input.skip(1) } else { input };
    named(input, rest, docs, attributes)
}

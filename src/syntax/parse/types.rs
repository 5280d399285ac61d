//! Types and fields.

use nom::Parser;
use nom::combinator::cut;

use crate::base::limits::NESTING_MAX;
use crate::diag::{Applicability, Edit};
use crate::syntax::parse::basic::{ANGLES, BRACES, deeper, list, mark, name, path};
use crate::syntax::parse::expr::expr;
use crate::syntax::parse::file::begins_item;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, deep, expected, unexpected};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Expr, Field, Name, TypeKind, TypeRef};

/// A type. `Option<T>` is read as `T?`, `Vec<T>` as `List<T>`.
pub(super) fn ty(start: Tokens<'_>) -> Outcome<'_, TypeRef> {
    let (mut input, mut ty) = deeper(start, plain)?;
    let mut marks = 0;
    loop {
        let more = match input.kind(0) {
            Kind::Question => 1,
            Kind::Otherwise => 2,
            _ => return Ok((input, ty)),
        };
        marks += more;
        if start.depth + marks > NESTING_MAX {
            return deep(input);
        }
        input = input.skip(1);
        for _ in 0..more {
            ty = TypeRef { kind: TypeKind::Optional(Box::new(ty)), place: start.place(input) };
        }
    }
}

fn plain(start: Tokens<'_>) -> Outcome<'_, TypeRef> {
    let (rest, kind) = match start.kind(0) {
        Kind::BraceOpen => {
            let (rest, fields) = record(start)?;
            (rest, TypeKind::Record(fields))
        }
        // The next declaration is not the type that is missing on the line before.
        Kind::Name if start.token(0).first && begins_item(start) => return expected(start, "a type"),
        Kind::Name => named(start)?,
        _ => return expected(start, "a type"),
    };
    Ok((rest, TypeRef { kind, place: start.place(rest) }))
}

fn named(start: Tokens<'_>) -> Outcome<'_, TypeKind> {
    let (rest, mut path) = path("a type").parse(start)?;
    if rest.kind(0) != Kind::Less {
        return Ok((rest, TypeKind::Named(path, Vec::new())));
    }
    let (rest, mut args) = type_args(rest)?;
    if let [single] = path.segments.as_mut_slice()
        && args.len() == 1
    {
        match single.text.as_str() {
            "Option" => {
                let of = args.swap_remove(0);
                return Ok((rest, TypeKind::Optional(Box::new(of))));
            }
            "Vec" => single.text = "List".to_owned(),
            _ => {}
        }
    }
    Ok((rest, TypeKind::Named(path, args)))
}

/// `<T, U>`
pub(super) fn type_args(input: Tokens<'_>) -> Outcome<'_, Vec<TypeRef>> {
    list(ANGLES, "`,` or `>`", ty)(input)
}

/// `{ field, … }`
pub(super) fn record(input: Tokens<'_>) -> Outcome<'_, Vec<Field>> {
    list(BRACES, "`,` or `}`", field)(input)
}

/// `name?: T = literal`
pub(super) fn field(start: Tokens<'_>) -> Outcome<'_, Field> {
    let (input, mut field) = perhaps_typed(start)?;
    if field.ty.is_none() {
        let rest = if input.kind(0) == Kind::Name && !input.token(0).first {
            let edits = vec![Edit { span: input.behind(), text: ":".to_owned() }];
            input.report(unexpected(input, "`:`").fix("add the `:`", Applicability::Safe, edits));
            input
        } else {
            cut(mark(Kind::Colon)).parse(input)?.0
        };
        let (rest, ty) = cut(ty).parse(rest)?;
        field.ty = Some(ty);
        return Ok((rest, field));
    }
    Ok((input, field))
}

/// A field, or only its name.
pub(super) fn perhaps_typed(start: Tokens<'_>) -> Outcome<'_, Field> {
    let docs = start.docs();
    let (input, name) = name("a field").parse(start)?;
    let optional = input.kind(0) == Kind::Question;
    let input = if optional { input.skip(1) } else { input };
    if input.kind(0) != Kind::Colon {
        return if optional {
            cut(mark(Kind::Colon)).parse(input).map(|(rest, _)| (rest, bare(name)))
        } else {
            Ok((input, Field { docs, ..bare(name) }))
        };
    }
    let (input, ty) = cut(ty).parse(input.skip(1))?;
    let (input, default) = default(input)?;
    Ok((input, Field { docs, name, optional, ty: Some(ty), default }))
}

/// `= literal`, if it stands here.
pub(super) fn default(input: Tokens<'_>) -> Outcome<'_, Option<Expr>> {
    if input.kind(0) != Kind::Assign {
        return Ok((input, None));
    }
    let (rest, value) = cut(expr).parse(input.skip(1))?;
    Ok((rest, Some(value)))
}

fn bare(name: Name) -> Field {
    Field { docs: Vec::new(), name, optional: false, ty: None, default: None }
}

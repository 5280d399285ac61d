//! `par` in its three spellings: a block per branch; bodies with `|` between them; statements, each a branch.

use nom::Parser;

use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::syntax::parse::basic::{deeper, expect};
use crate::syntax::parse::block::{Ends, alone, block, close, done, one};
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, report};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Block, Par, Stmt, StmtKind};

/// What stands between the braces of a `par`.
enum Piece {
    Block(Block),
    Stmt(Box<Stmt>),
}

/// What ends the statements of a branch.
const ENDS: Ends = Ends { label: false, pipe: true, otherwise: false };

/// `par { … }`
pub(super) fn par(start: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let whole = start.word(0) == "parallel";
    let (rest, mut bodies) = deeper(start.skip(1), bodies)?;
    let piped = bodies.len() > 1;
    let only_blocks = bodies.iter().flatten().all(|piece| matches!(piece, Piece::Block(_)));
    if !piped && (only_blocks || !whole) {
        // Without `|`, each piece is a branch.
        let pieces = bodies.pop().unwrap_or_default();
        let bare = pieces.iter().any(is_bare);
        return done(rest, StmtKind::Par(Par { branches: pieces.into_iter().map(branch).collect(), bare }));
    }
    let branches = bodies.into_iter().map(|body| joined(start, body)).collect();
    done(rest, StmtKind::Par(Par { branches, bare: false }))
}

/// The pieces between `|` and `|`.
fn bodies(open: Tokens<'_>) -> Outcome<'_, Vec<Vec<Piece>>> {
    let (mut input, _) = expect(Kind::BraceOpen, "`{`").parse(open)?;
    let (mut bodies, mut body) = (Vec::new(), Vec::new());
    loop {
        match input.kind(0) {
            Kind::Semicolon => input = input.skip(1),
            Kind::Pipe => {
                input = input.skip(1);
                bodies.push(std::mem::take(&mut body));
            }
            _ if ENDS.here(input) || input.over() => {
                bodies.push(body);
                return Ok((close(open, input), bodies));
            }
            Kind::BraceOpen => match block(input) {
                Ok((rest, block)) => {
                    body.push(Piece::Block(block));
                    input = rest;
                }
                Err(error) => {
                    report(input, error);
                    input = input.skip(1);
                }
            },
            _ => {
                let mut stmts = Vec::new();
                input = one(input, ENDS, &mut stmts);
                body.extend(stmts.into_iter().map(|stmt| Piece::Stmt(Box::new(stmt))));
            }
        }
    }
}

/// Whether the piece is an exchange without a block, which may have been meant as a step of a branch.
fn is_bare(piece: &Piece) -> bool {
    matches!(piece, Piece::Stmt(stmt) if matches!(stmt.kind, StmtKind::Exchange(_) | StmtKind::Relay(_)))
}

fn branch(piece: Piece) -> Block {
    match piece {
        Piece::Block(block) => block,
        Piece::Stmt(stmt) => alone(*stmt),
    }
}

/// One branch of all pieces of a body.
fn joined(start: Tokens<'_>, mut body: Vec<Piece>) -> Block {
    if body.len() == 1
        && let Some(piece) = body.pop()
    {
        return branch(piece);
    }
    let mut whole = Block { stmts: Vec::new(), place: start.place(start.skip(1)) };
    for (index, piece) in body.into_iter().enumerate() {
        if let Piece::Block(block) = &piece {
            start.report(
                Diagnostic::new(Code::E0012, block.place.0, "a block beside other pieces of one branch")
                    .here("not a branch of its own, because `|` separates the branches")
                    .help("write a block for each branch, and no `|`"),
            );
        }
        let mut next = branch(piece);
        whole.place.0 = if index == 0 { next.place.0 } else { whole.place.0.to(next.place.0) };
        whole.stmts.append(&mut next.stmts);
    }
    whole
}

//! Statements and blocks in canonical form.

use crate::syntax::format::doc::Doc;
use crate::syntax::format::expr::quoted;
use crate::syntax::format::printer::Printer;
use crate::syntax::tree::{
    Block, Branch, Cause, Choice, Expr, For, If, Loop, LoopHead, Name, Par, RoleRef, Stmt, StmtKind, Try,
};

impl Printer<'_> {
    /// Statements in a row.
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let start = stmt.place.0.start;
        self.leading(start);
        let mut head = vec![self.annotations(&stmt.annotations)];
        if !stmt.annotations.is_empty() {
            head.push(Doc::text(" "));
        }
        head.push(self.first_line(&stmt.kind));
        self.open_line(&stmt.docs, start, &Doc::All(head));
        self.rest(stmt);
        self.end_line(stmt.place.0.end);
    }

    /// What stands on a statement's first line, before the `{` of a block.
    fn first_line(&mut self, kind: &StmtKind) -> Doc {
        match kind {
            StmtKind::Exchange(exchange) => self.exchange(exchange),
            StmtKind::Relay(relay) => self.relay(relay),
            StmtKind::Does(does) => self.does(does),
            StmtKind::Let(bound) => {
                let role = self.role(&bound.role);
                Doc::all([role, Doc::text(format!(" let {} = ", bound.name.text)), self.expr(&bound.value)])
            }
            StmtKind::Choice(choice) => self.choice_head(choice),
            StmtKind::If(conditional) => self.if_head(conditional),
            StmtKind::Loop(repeated) => self.loop_head(repeated),
            StmtKind::Rec(rec) => Doc::text(format!("rec {}", rec.label.text)),
            StmtKind::Continue(label) => jump("continue", label.as_ref()),
            StmtKind::Break(label) => jump("break", label.as_ref()),
            StmtKind::For(each) => self.for_head(each),
            StmtKind::Par(_) => Doc::text("par"),
            StmtKind::Call(call) => self.call(call),
            StmtKind::Sub(sub) => Doc::text(format!("sub_protocol {}", sub.name.text)),
            StmtKind::Try(scope) => self.try_head(scope),
            StmtKind::Fail(fail) => {
                let with = self.with(fail.with.as_ref());
                let at = self.last_role(&fail.at);
                Doc::all([Doc::text(format!("fail {}", fail.name.text)), with, Doc::text(" at "), at])
            }
            StmtKind::Return(value) => Doc::all([Doc::text("return "), self.expr(value)]),
        }
    }

    /// The blocks of a statement behind its first line.
    fn rest(&mut self, stmt: &Stmt) {
        let start = stmt.place.0.start;
        match &stmt.kind {
            StmtKind::Choice(choice) => self.branches(choice, stmt.place.0.end),
            StmtKind::If(conditional) => self.if_blocks(conditional),
            StmtKind::Loop(repeated) => self.block(&repeated.body),
            StmtKind::Rec(rec) => self.block(&rec.body),
            StmtKind::For(each) => self.block(&each.body),
            StmtKind::Par(par) => self.par(par, start, stmt.place.0.end),
            StmtKind::Sub(sub) => self.block(&sub.body),
            StmtKind::Try(scope) => {
                self.block(&scope.body);
                for handler in &scope.handlers {
                    let bind =
                        handler.bind.as_ref().map_or(String::new(), |name| format!(" as {}", name.text));
                    self.more(&format!(" on {}{bind}", cause(&handler.cause)));
                    self.block(&handler.body);
                }
            }
            _ => {}
        }
    }

    /// A block, on the line that stands open; leaves the line of its `}` open.
    pub(super) fn block(&mut self, block: &Block) {
        let place = block.place.0;
        if block.stmts.is_empty() && !self.comment_before(place.end) {
            self.more(" {}");
            return;
        }
        let braced = self.source(place.start, place.start + 1) == "{";
        let first = block.stmts.first().map_or(place.end, |stmt| stmt.place.0.start);
        self.open(if braced { place.start + 1 } else { place.start }, first);
        self.stmts(&block.stmts);
        self.close(place.end);
    }

    fn choice_head(&mut self, choice: &Choice) -> Doc {
        let clauses = choice.on.is_some() || choice.within.is_some();
        let owner = if clauses { self.last_role(&choice.owner) } else { self.role(&choice.owner) };
        let mut parts = vec![Doc::text("choice at "), owner];
        if let Some(on) = &choice.on {
            parts.extend([Doc::text(" on "), self.head(on)]);
        }
        if let Some((span, waits)) = &choice.within {
            parts.extend([Doc::text(" within "), self.head(span)]);
            if let Some(waits) = waits {
                parts.extend([Doc::text(" at "), self.role(waits)]);
            }
        }
        Doc::All(parts)
    }

    fn branches(&mut self, choice: &Choice, end: u32) {
        if choice.branches.is_empty() && !self.comment_before(end) {
            return self.more(" {}");
        }
        let first = choice.branches.first().map_or(end, |branch| branch.label.place.0.start);
        let on = choice.on.as_ref().map_or(choice.owner.place.0.end, |on| on.place.0.end);
        let head = choice
            .within
            .as_ref()
            .map_or(on, |(span, waits)| waits.as_ref().map_or(span.place.0.end, |waits| waits.place.0.end));
        self.open(head, first);
        for branch in &choice.branches {
            self.branch(branch);
        }
        self.close(end);
    }

    fn branch(&mut self, branch: &Branch) {
        let start = branch.label.place.0.start;
        self.leading(start);
        let bind = branch.bind.as_ref().map_or(String::new(), |name| format!(" as {}", name.text));
        let mut head = vec![Doc::text(format!("{}{bind}", branch.label.text))];
        if let Some(condition) = &branch.when {
            head.extend([Doc::text(" when ("), self.expr(condition), Doc::text(")")]);
        }
        head.push(Doc::text(":"));
        self.open_line(&branch.docs, start, &Doc::All(head));
        self.block(&branch.body);
        self.end_line(branch.body.place.0.end);
    }

    fn if_head(&mut self, conditional: &If) -> Doc {
        let condition = self.head(&conditional.condition);
        let at = self.at(conditional.at.as_ref());
        Doc::all([Doc::text("if "), condition, at])
    }

    fn if_blocks(&mut self, conditional: &If) {
        self.block(&conditional.then);
        let Some(otherwise) = &conditional.otherwise else { return };
        self.more(" else");
        if let [Stmt { kind: StmtKind::If(next), docs, annotations, .. }] = otherwise.stmts.as_slice()
            && docs.is_empty()
            && annotations.is_empty()
        {
            self.more(" ");
            let head = self.if_head(next);
            self.more_doc(&head);
            return self.if_blocks(next);
        }
        self.block(otherwise);
    }

    fn loop_head(&mut self, repeated: &Loop) -> Doc {
        let mut parts = vec![Doc::text("loop")];
        if let Some(label) = &repeated.label {
            parts.push(Doc::text(format!(" {}", label.text)));
        }
        let head = match &repeated.head {
            LoopHead::Bare => None,
            LoopHead::Count(count) => Some(("count", self.expr(count))),
            LoopHead::Max(max) => Some(("max", self.expr(max))),
            LoopHead::Decides(role) => Some(("decides", self.role(role))),
            LoopHead::While(condition, at) => {
                let condition = self.expr(condition);
                Some(("while", Doc::all([condition, self.at(at.as_ref())])))
            }
            LoopHead::Custom(text, _) => Some(("custom", Doc::text(quoted(text)))),
        };
        if let Some((word, doc)) = head {
            parts.extend([Doc::text(format!(" ({word}: ")), doc, Doc::text(")")]);
        }
        if let Some(turn) = &repeated.turn {
            parts.push(Doc::text(format!(" as {}", turn.text)));
        }
        Doc::All(parts)
    }

    fn for_head(&mut self, each: &For) -> Doc {
        let par = if each.par { "par " } else { "" };
        Doc::all([Doc::text(format!("{par}for {} in ", each.index.text)), self.role(&each.family)])
    }

    fn par(&mut self, par: &Par, start: u32, end: u32) {
        if par.branches.is_empty() && !self.comment_before(end) {
            return self.more(" {}");
        }
        let first = par.branches.first().map_or(end, |branch| branch.place.0.start);
        self.open(start, first);
        for branch in &par.branches {
            let place = branch.place;
            self.open_line(&Vec::new(), place.0.start, &Doc::text("{"));
            self.block_of_branch(branch);
            self.end_line(place.0.end);
        }
        self.close(end);
    }

    /// A block whose `{` begins a line and has been printed.
    fn block_of_branch(&mut self, block: &Block) {
        let place = block.place.0;
        if block.stmts.is_empty() && !self.comment_before(place.end) {
            return self.more("}");
        }
        let braced = self.source(place.start, place.start + 1) == "{";
        let first = block.stmts.first().map_or(place.end, |stmt| stmt.place.0.start);
        self.open_bare(if braced { place.start + 1 } else { place.start }, first);
        self.stmts(&block.stmts);
        self.close(place.end);
    }

    fn try_head(&mut self, scope: &Try) -> Doc {
        let owner = &scope.owner;
        let owner = if scope.within.is_some() { self.last_role(owner) } else { self.role(owner) };
        let mut parts = vec![Doc::text("try at "), owner];
        if let Some(span) = &scope.within {
            parts.extend([Doc::text(" within "), self.head(span)]);
        }
        Doc::All(parts)
    }

    fn at(&mut self, role: Option<&RoleRef>) -> Doc {
        match role {
            Some(role) => Doc::all([Doc::text(" at "), self.role(role)]),
            None => Doc::nothing(),
        }
    }

    /// ` with { … }`
    pub(super) fn with(&mut self, with: Option<&Expr>) -> Doc {
        match with {
            Some(record) => Doc::all([Doc::text(" with "), self.expr(record)]),
            None => Doc::nothing(),
        }
    }
}

fn jump(word: &str, label: Option<&Name>) -> Doc {
    Doc::text(label.map_or_else(|| word.to_owned(), |label| format!("{word} {}", label.text)))
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Timeout => "timeout".to_owned(),
        Cause::Denied => "denied".to_owned(),
        Cause::Failed(None) => "failed".to_owned(),
        Cause::Failed(Some(name)) => format!("failed {}", name.text),
        Cause::Refused => "refused".to_owned(),
        Cause::Cancelled => "cancelled".to_owned(),
    }
}

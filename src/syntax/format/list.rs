//! Lists in brackets: on one line if they fit, else an item a line; comments and documentation break them.

use crate::syntax::format::doc::Doc;
use crate::syntax::format::expr::path_text;
use crate::syntax::format::printer::{Printer, comment_text};
use crate::syntax::tree::{Docs, Field, Place, TypeKind, TypeRef};

impl Printer<'_> {
    /// `open item, … close`
    pub(super) fn list<T>(
        &mut self,
        (open, close): (&'static str, &'static str),
        items: &[T],
        mut place: impl FnMut(&T) -> Place,
        mut item: impl FnMut(&mut Self, &T) -> Doc,
    ) -> Doc {
        if items.is_empty() {
            return Doc::text(format!("{open}{close}"));
        }
        let edge = || if open == "{" { Doc::Line } else { Doc::Soft };
        let mut docs = vec![edge()];
        for (index, one) in items.iter().enumerate() {
            let place = place(one).0;
            if index == 0 && self.begins_line(open, place.start) {
                docs.push(Doc::Force);
            }
            while let Some(comment) = self.take_before(place.start) {
                docs.extend([Doc::text(comment_text(comment)), Doc::Hard]);
            }
            docs.push(item(self, one));
            let last = index + 1 == items.len();
            docs.push(if last { Doc::Broken(",") } else { Doc::text(",") });
            let end = self.beside(place.end, &mut docs);
            if last {
                self.before_close(end, &mut docs);
            } else {
                docs.push(Doc::Line);
            }
        }
        Doc::all([Doc::text(open), Doc::All(docs).indent(), edge(), Doc::text(close)]).group()
    }

    /// The comments inside an item that ends at `end`, and beside it. Gives the end of the last one on its line.
    fn beside(&mut self, end: u32, docs: &mut Vec<Doc>) -> u32 {
        let (mut end, mut ended) = (end, false);
        while let Some(comment) = self.take_before(end).or_else(|| self.take_beside(end)) {
            docs.extend([
                if ended { Doc::Hard } else { Doc::text(" ") },
                Doc::text(comment_text(comment)),
                Doc::Force,
            ]);
            ended |= comment.text.starts_with("//");
            end = end.max(comment.place.0.end);
        }
        end
    }

    /// The comments between the last item and the bracket that closes the list, each on its line.
    fn before_close(&mut self, end: u32, docs: &mut Vec<Doc>) {
        let mut end = end;
        while let Some(comment) = self.take_behind(end) {
            docs.extend([Doc::Hard, Doc::text(comment_text(comment))]);
            end = comment.place.0.end;
        }
    }

    /// `{ field, … }` or `( field, … )`
    pub(super) fn fields(&mut self, brackets: (&'static str, &'static str), fields: &[Field]) -> Doc {
        self.list(brackets, fields, field_place, Self::field)
    }

    fn field(&mut self, field: &Field) -> Doc {
        let mark = if field.optional { "?" } else { "" };
        let mut parts = doc_lines(&field.docs);
        parts.push(Doc::text(format!("{}{mark}", field.name.text)));
        if let Some(ty) = &field.ty {
            parts.extend([Doc::text(": "), self.ty(ty)]);
        }
        if let Some(value) = &field.default {
            parts.extend([Doc::text(" = "), self.expr(value)]);
        }
        Doc::All(parts)
    }

    /// A type.
    pub(super) fn ty(&mut self, ty: &TypeRef) -> Doc {
        match &ty.kind {
            TypeKind::Named(path, args) if args.is_empty() => Doc::text(path_text(path)),
            TypeKind::Named(path, args) => {
                Doc::all([Doc::text(path_text(path)), self.list(("<", ">"), args, |arg| arg.place, Self::ty)])
            }
            TypeKind::Optional(of) => Doc::all([self.ty(of), Doc::text("?")]),
            TypeKind::Record(fields) => self.fields(("{", "}"), fields),
        }
    }
}

/// Documentation as lines before what it documents.
pub(super) fn doc_lines(docs: &Docs) -> Vec<Doc> {
    let line = |line: &String| Doc::text(if line.is_empty() { "///".into() } else { format!("/// {line}") });
    docs.iter().flat_map(|text| [line(text), Doc::Hard]).collect()
}

fn field_place(field: &Field) -> Place {
    let name = field.name.place.0;
    let ty = field.ty.as_ref().map_or(name, |ty| name.to(ty.place.0));
    Place(field.default.as_ref().map_or(ty, |value| ty.to(value.place.0)))
}

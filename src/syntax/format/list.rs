//! Lists in brackets: on one line if they fit, else an item a line; comments and documentation break them.

use crate::syntax::format::doc::Doc;
use crate::syntax::format::expr::path_text;
use crate::syntax::format::printer::Printer;
use crate::syntax::tree::{Docs, Field, Place, TypeKind, TypeRef};

impl Printer<'_> {
    /// `open item, … close`
    pub(super) fn list<T>(
        &mut self,
        (open, close): (&'static str, &'static str),
        items: &[T],
        place: impl Fn(&T) -> Place,
        mut item: impl FnMut(&mut Self, &T) -> Doc,
    ) -> Doc {
        if items.is_empty() {
            return Doc::text(format!("{open}{close}"));
        }
        let edge = || if open == "{" { Doc::Line } else { Doc::Soft };
        let mut docs = vec![edge()];
        if items.first().is_some_and(|first| self.begins_line(open, place(first).0.start)) {
            docs.push(Doc::Force);
        }
        for (index, one) in items.iter().enumerate() {
            let place = place(one).0;
            while let Some(comment) = self.take_before(place.start) {
                docs.extend([Doc::text(&comment.text), Doc::Hard]);
            }
            docs.push(item(self, one));
            let last = index + 1 == items.len();
            docs.push(if last { Doc::Broken(",") } else { Doc::text(",") });
            let mut beside = false;
            // On one line nothing may follow a comment, so it stands only where the list is broken.
            while self.quiet == 0
                && let Some(comment) = self.take_before(place.end).or_else(|| self.take_beside(place.end))
            {
                docs.extend([if beside { Doc::Hard } else { Doc::text(" ") }, Doc::text(&comment.text)]);
                beside = true;
            }
            if beside {
                docs.push(Doc::Force);
            }
            if !last {
                docs.push(Doc::Line);
            }
        }
        Doc::all([Doc::text(open), Doc::All(docs).indent(), edge(), Doc::text(close)]).group()
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

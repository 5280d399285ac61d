//! The chain lets through, and clears exactly what was asked.

use crate::base::id::{LaneId, RoleId};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::program::{Kind, Message};
use crate::guard::{Chain, Intent};

#[test]
fn clears_the_channel_that_was_asked_for() {
    let message = Message { name: "Ping".into(), kind: Kind::Data, ty: Type::Any };
    let intent =
        Intent { from: RoleId(1), to: RoleId(2), lane: LaneId(3), message: &message, payload: &Value::None };
    let cleared = Chain::default().review(&intent).unwrap();
    assert_eq!((cleared.from(), cleared.to(), cleared.lane()), (RoleId(1), RoleId(2), LaneId(3)));
}

//! The chain lets through, and clears exactly what was asked.

use crate::base::id::{LaneId, RoleId};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::program::{Kind, Message};
use crate::guard::{Chain, Intent, Rule};

#[test]
fn clears_the_channel_that_was_asked_for() {
    let message = Message { name: "Ping".into(), kind: Kind::Data, ty: Type::Any };
    let intent =
        Intent { from: RoleId(1), to: RoleId(2), lane: LaneId(3), message: &message, payload: &Value::None };
    let cleared = Chain::default().review(&intent).unwrap();
    assert_eq!((cleared.from(), cleared.to(), cleared.lane()), (RoleId(1), RoleId(2), LaneId(3)));
}

#[test]
fn a_rule_denies_what_it_names_and_as_often_as_it_says() {
    let message = |name: &str| Message { name: name.into(), kind: Kind::Data, ty: Type::Any };
    let mut chain = Chain::default();
    chain.deny(Rule { from: RoleId(1), to: RoleId(2), message: "Ping".into(), left: Some(2) });
    chain.deny(Rule { from: RoleId(2), to: RoleId(1), message: "Pong".into(), left: None });
    let mut denied = |from, to, name: &str| {
        let message = message(name);
        let (from, to, lane) = (RoleId(from), RoleId(to), LaneId(3));
        let intent = Intent { from, to, lane, message: &message, payload: &Value::None };
        chain.review(&intent).is_err()
    };
    let pings: Vec<bool> = (0..4).map(|_| denied(1, 2, "Ping")).collect();
    assert_eq!(pings, [true, true, false, false]);
    assert!((0..4).all(|_| denied(2, 1, "Pong")));
    assert!(!denied(2, 1, "Ping") && !denied(1, 3, "Ping") && !denied(1, 2, "Pong"));
}

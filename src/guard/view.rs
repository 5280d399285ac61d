//! A cast's table as a receiver's own view of what comes to it: who may send what, and what it costs.
//!
//! A receipt names no place in a program, so it fits where one of the places does at which its sender sends its message.
//! Is not: the chain. Nothing is charged here.

use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::guard::receipt::{Fit, Receipt, View};
use crate::guard::table::Table;

impl View for Table {
    fn fit(&self, receipt: &Receipt, payload: &Value) -> Fit {
        let role = |name: &str| self.roles.iter().position(|role| **role == *name).map(RoleId::at);
        let (Some(from), Some(to)) = (role(receipt.charge.src.as_str()), role(receipt.charge.dst.as_str()))
        else {
            return Fit::Unable;
        };
        if *self.context != *receipt.charge.context.as_str() {
            return Fit::Unable;
        }
        let has = self.grants.get(from.index()).copied().unwrap_or(0);
        let mut fit = Fit::Unable;
        for row in self.rows.iter().filter(|row| row.label == receipt.charge.label && row.need & !has == 0) {
            let purse = self.purses.get(row.purse as usize);
            if purse.is_some_and(|purse| (purse.from, purse.to) == (from, to)) {
                if row.cost_of(payload) == receipt.charge.cost {
                    return Fit::Fits;
                }
                fit = Fit::Costs;
            }
        }
        fit
    }
}

//! Lock, plan and build: the only crate that knows the order of work.

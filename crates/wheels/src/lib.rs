//! Read Python package indexes and wheels, choose by tag, walk the closure, unpack.

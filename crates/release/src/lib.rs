//! Read releases, services and overrides of a tree into one checked description, with every fault and its place.

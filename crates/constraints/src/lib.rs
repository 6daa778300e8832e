//! Parse upper-constraints and requirement lines, apply overrides, evaluate environment markers.

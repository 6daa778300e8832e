//! Locked .debs to a root file system tree, with the effects of maintainer scripts done natively.

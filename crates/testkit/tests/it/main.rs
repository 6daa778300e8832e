//! What the testkit makes is what the real tools take.

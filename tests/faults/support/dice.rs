//! Repeatable random numbers.

/// A sequence of numbers that depends only on its seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Mixed, so that neighboring seeds give unrelated sequences. The state must not be zero.
        Self((seed.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    pub(crate) fn number(&mut self) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        // The high bits of the product are the random ones.
        (self.number().wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) % limit
    }

    /// An index into a list of this length.
    pub(crate) fn pick(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a length")
    }
}

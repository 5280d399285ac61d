//! The bytes of a batch in a file: a mark, its length, its position, how many entries it holds, a checksum, the entries.
//!
//! The mark lets what is whole be found behind what is damaged: that tells a torn end from a damaged middle. Each file has
//! a mark of its own that nobody outside knows, so nothing that an entry carries looks like a frame.
//! Is not: aware of what entries are.

/// Bytes of a mark.
pub(super) const MARK: usize = 8;
/// What every frame of a file begins with.
pub(super) type Mark = [u8; MARK];
/// Bytes before the entries.
pub(super) const HEAD: usize = MARK + 4 + 8 + 4 + 16;
/// Bytes of one batch, at most; a length beyond it is damage.
pub(super) const BATCH_BYTES_MAX: usize = 256 << 20;

/// A frame in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame<'a> {
    pub(super) first: u64,
    pub(super) entries: u32,
    pub(super) batch: &'a [u8],
}

impl Frame<'_> {
    /// The bytes that it takes.
    pub(super) const fn len(&self) -> usize {
        HEAD + self.batch.len()
    }
}

/// The head of a frame.
pub(super) fn head(mark: &Mark, first: u64, entries: u32, batch: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let sum = checksum(first, entries, batch);
    let parts: [&[u8]; 5] =
        [mark, &(batch.len() as u32).to_le_bytes(), &first.to_le_bytes(), &entries.to_le_bytes(), &sum];
    let bytes = parts.into_iter().flatten();
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    head
}

/// The frame at the beginning of some bytes; none if it is not whole.
pub(super) fn read<'a>(mark: &Mark, bytes: &'a [u8]) -> Option<Frame<'a>> {
    let rest = bytes.strip_prefix(mark)?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (entries, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<16>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let batch = rest.get(..len).filter(|_| len <= BATCH_BYTES_MAX)?;
    let (first, entries) = (u64::from_le_bytes(*first), u32::from_le_bytes(*entries));
    (checksum(first, entries, batch) == *sum).then_some(Frame { first, entries, batch })
}

/// Where in some bytes a whole frame begins, if anywhere.
pub(super) fn find(mark: &Mark, bytes: &[u8]) -> Option<usize> {
    let marks = bytes.windows(MARK).enumerate().filter(|(_, window)| window == mark);
    marks.map(|(at, _)| at).find(|at| bytes.get(*at..).and_then(|bytes| read(mark, bytes)).is_some())
}

fn checksum(first: u64, entries: u32, batch: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&first.to_le_bytes());
    hasher.update(&entries.to_le_bytes());
    hasher.update(batch);
    let mut sum = [0; 16];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

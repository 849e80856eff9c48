"""64-bit numbers that stand for texts, the same on every machine: FarmHash, SipHash, and how several make one.

Texts of one length are hashed together, so that a column of many costs little more than one.

Source: G. Pike, FarmHash (`farmhashna::Hash64`), 2014; J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input
PRF", 2012.
"""

from collections.abc import Callable, Sequence

import numpy as np

Words = np.ndarray  # uint64; sums and products wrap around

K0, K1, K2 = np.uint64(0xC3A5C85C97CB3127), np.uint64(0xB492B66FBE98F273), np.uint64(0x9AE16A3B2F90404F)
CROSS_FACTOR = np.uint64(0xC6A4A7935BD1E995)
CROSS_START = 0xDECAFCAFFE  # what a crossing begins with


def fingerprints(texts: Sequence[bytes], salt: Sequence[int] | None = None) -> Words:
    """FarmHash of each text; SipHash with the two numbers of `salt` as its key.

    Shapes:
        texts: (texts,)
        result: (texts,), uint64
    """
    result = np.zeros(len(texts), np.uint64)
    by_length: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        by_length.setdefault(len(text), []).append(place)
    for length, places in by_length.items():
        rows = np.frombuffer(b"".join(texts[place] for place in places), np.uint8).reshape(len(places), length)
        with np.errstate(over="ignore"):
            result[places] = farmhash(rows) if salt is None else siphash(rows, *salt)
    return result


def crossed(columns: Sequence[Words]) -> Words:
    """One number for each row of several columns of numbers."""
    result = np.full(columns[0].shape, CROSS_START, np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            result = result ^ CROSS_FACTOR ^ (_shift_mix(column * CROSS_FACTOR) * CROSS_FACTOR)
            result = _shift_mix(_shift_mix(result * CROSS_FACTOR) * CROSS_FACTOR)
    return result


# --- FarmHash -----------------------------------------------------------------------------------------------------


def farmhash(rows: np.ndarray) -> Words:
    """FarmHash of texts of one length.

    Shapes:
        rows: (texts, length), uint8
        result: (texts,), uint64
    """
    length = rows.shape[1]
    if length <= 16:
        return _up_to_16(rows, length)
    if length <= 32:
        return _up_to_32(rows, length)
    return _up_to_64(rows, length) if length <= 64 else _longer(rows, length)


def _word(rows: np.ndarray, place: int) -> Words:
    """The 8 bytes at a place, the lowest first."""
    place = place if place >= 0 else rows.shape[1] + place
    return np.ascontiguousarray(rows[:, place : place + 8]).view("<u8")[:, 0]


def _half(rows: np.ndarray, place: int) -> Words:
    """The 4 bytes at a place, the lowest first."""
    place = place if place >= 0 else rows.shape[1] + place
    return np.ascontiguousarray(rows[:, place : place + 4]).view("<u4")[:, 0].astype(np.uint64)


def _turned(word: Words, count: int) -> Words:
    """The bits moved to the right, those that fall out come back on the left."""
    return (word >> np.uint64(count)) | (word << np.uint64(64 - count))


def _shift_mix(word: Words) -> Words:
    return word ^ (word >> np.uint64(47))


def _pair(u: Words, v: Words, factor: Words | np.uint64) -> Words:
    """Two words as one."""
    a = _shift_mix((u ^ v) * factor)
    return _shift_mix((v ^ a) * factor) * factor


def _up_to_16(rows: np.ndarray, length: int) -> Words:
    size = np.uint64(length)
    factor = K2 + size * np.uint64(2)
    if length >= 8:
        a, b = _word(rows, 0) + K2, _word(rows, -8)
        return _pair(_turned(b, 37) * factor + a, (_turned(a, 25) + b) * factor, factor)
    if length >= 4:
        return _pair(size + (_half(rows, 0) << np.uint64(3)), _half(rows, -4), factor)
    if length > 0:
        first, middle, last = (rows[:, place].astype(np.uint64) for place in (0, length >> 1, length - 1))
        y, z = first + (middle << np.uint64(8)), size + (last << np.uint64(2))
        return _shift_mix((y * K2) ^ (z * K0)) * K2
    return np.full(len(rows), K2)


def _up_to_32(rows: np.ndarray, length: int) -> Words:
    factor = K2 + np.uint64(2 * length)
    a, b = _word(rows, 0) * K1, _word(rows, 8)
    c, d = _word(rows, -8) * factor, _word(rows, -16) * K2
    return _pair(_turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + K2, 18) + c, factor)


def _up_to_64(rows: np.ndarray, length: int) -> Words:
    factor = K2 + np.uint64(2 * length)
    a, b = _word(rows, 0) * K2, _word(rows, 8)
    c, d = _word(rows, -8) * factor, _word(rows, -16) * K2
    y = _turned(a + b, 43) + _turned(c, 30) + d
    z = _pair(y, a + _turned(b + K2, 18) + c, factor)
    e, f = _word(rows, 16) * factor, _word(rows, 24)
    g, h = (y + _word(rows, -32)) * factor, (z + _word(rows, -24)) * factor
    return _pair(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _four_words(rows: np.ndarray, place: int, a: Words, b: Words) -> tuple[Words, Words]:
    """A weak hash of 32 bytes, with two words to begin with."""
    w, x, y, z = (_word(rows, place + offset) for offset in (0, 8, 16, 24))
    a = a + w
    b = _turned(b + a + z, 21)
    start = a
    a = a + x + y
    return a + z, b + _turned(a, 44) + start


def _longer(rows: np.ndarray, length: int) -> Words:
    """64 bytes at a time, the last 64 once more."""
    count = len(rows)
    seed = np.uint64(81)
    x = np.full(count, seed)
    y = np.full(count, seed * K1 + np.uint64(113))
    z = _shift_mix(y * K2 + np.uint64(113)) * K2
    v = w = (np.zeros(count, np.uint64), np.zeros(count, np.uint64))
    x = x * K2 + _word(rows, 0)
    last = (length - 1) // 64 * 64
    for place in range(0, last, 64):
        x = _turned(x + y + v[0] + _word(rows, place + 8), 37) * K1
        y = _turned(y + v[1] + _word(rows, place + 48), 42) * K1
        x = x ^ w[1]
        y = y + v[0] + _word(rows, place + 40)
        z = _turned(z + w[0], 33) * K1
        v = _four_words(rows, place, v[1] * K1, x + w[0])
        w = _four_words(rows, place + 32, z + w[1], y + _word(rows, place + 16))
        z, x = x, z
    return _finished(rows, length, (x, y, z), v, w)


def _finished(rows: np.ndarray, length: int, state: tuple, v: tuple, w: tuple) -> Words:
    x, y, z = state
    nine = np.uint64(9)
    place = length - 64
    factor = K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w = (w[0] + np.uint64((length - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x = _turned(x + y + v[0] + _word(rows, place + 8), 37) * factor
    y = _turned(y + v[1] + _word(rows, place + 48), 42) * factor
    x = x ^ (w[1] * nine)
    y = y + v[0] * nine + _word(rows, place + 40)
    z = _turned(z + w[0], 33) * factor
    v = _four_words(rows, place, v[1] * factor, x + w[0])
    w = _four_words(rows, place + 32, z + w[1], y + _word(rows, place + 16))
    z, x = x, z
    first = _pair(v[0], w[0], factor) + _shift_mix(y) * K0 + z
    return _pair(first, _pair(v[1], w[1], factor) + x, factor)


# --- SipHash ------------------------------------------------------------------------------------------------------


def siphash(rows: np.ndarray, key_0: int, key_1: int) -> Words:
    """SipHash-2-4 of texts of one length.

    Shapes:
        rows: (texts, length), uint8
        result: (texts,), uint64
    """
    count, length = rows.shape
    keys = [np.uint64(key % 2**64) for key in (key_0, key_1)]
    start = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state = [np.full(count, np.uint64(word) ^ keys[place % 2]) for place, word in enumerate(start)]
    filled = np.zeros((count, length // 8 * 8 + 8), np.uint8)
    filled[:, :length] = rows
    filled[:, -1] = length % 256
    for place in range(0, filled.shape[1], 8):
        word = _word(filled, place)
        state[3] = state[3] ^ word
        _rounds(state, 2)
        state[0] = state[0] ^ word
    state[2] = state[2] ^ np.uint64(0xFF)
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[Words], count: int) -> None:
    left: Callable[[Words, int], Words] = lambda word, bits: _turned(word, 64 - bits)  # noqa: E731
    v0, v1, v2, v3 = state
    for _ in range(count):
        v0, v2 = v0 + v1, v2 + v3
        v1, v3 = left(v1, 13) ^ v0, left(v3, 16) ^ v2
        v0 = left(v0, 32)
        v2, v0 = v2 + v1, v0 + v3
        v1, v3 = left(v1, 17) ^ v2, left(v3, 21) ^ v0
        v2 = left(v2, 32)
    state[:] = v0, v1, v2, v3

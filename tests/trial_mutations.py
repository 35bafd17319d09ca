"""Files of trials as accidents leave them: torn, garbled, edited by hand; the same for the same seed."""

from __future__ import annotations

import json

STRANGE = [None, True, -1, 0, 1e308, -1e308, float("nan"), float("inf"), 10**60, "", "nan", "None", "x" * 3000, [], {}]
STRANGE += [[[]], {"": {}}, "2026-01-01", "0x10", "1,5", "\x00", "\u2028", "'", [1, "a", None], {"value": {"value": 1}}]
TOKENS = [b",", b";", b"\t", b"\n", b'"', b"'", b"{", b"}", b"[", b"]", b":", b"\x00", b"\xff", b"1e999", b"NaN", b"-"]
TOKENS += [b"#", b"COMPLETE", b"null", b"\r\n", b"9" * 400, b"\xef\xbb\xbf", b"{" * 2000, b"[" * 2000, "é".encode()]


def mutated(raw: bytes, random) -> bytes:
    """The bytes with a few changes; of JSON, half of the time, with changes of its values."""
    if random.random() < 0.5:
        changed = _edited(raw, random)
        if changed is not None:
            return changed
    data = bytearray(raw)
    for _ in range(random.choice([1, 1, 2, 5, 20])):
        _garble(data, random)
    return bytes(data)


def _garble(data: bytearray, random) -> None:
    place = random.randrange(len(data) + 1)
    end = min(len(data), place + random.choice([1, 1, 4, 50, 1000]))
    match random.randrange(6):
        case 0:
            data[place:end] = b""
        case 1:
            data[place:place] = random.choice(TOKENS)
        case 2:
            data[place:end] = random.choice(TOKENS)
        case 3:
            data[place:place] = data[place:end]
        case 4:
            del data[place:]
        case 5:
            data[place:end] = bytes(random.randrange(256) for _ in range(end - place))


def _edited(raw: bytes, random) -> bytes | None:
    """The same JSON, or one of its lines, with some values replaced; None where it is no JSON."""
    try:
        value = json.loads(raw)
    except ValueError:
        lines = raw.split(b"\n")
        index = random.randrange(len(lines))
        try:
            lines[index] = json.dumps(_changed(json.loads(lines[index]), random)).encode()
        except ValueError:
            return None
        return b"\n".join(lines)
    for _ in range(random.choice([1, 1, 3])):
        value = _changed(value, random)
    return json.dumps(value).encode()


def _changed(value, random):
    """The value with one part of it, at any depth, replaced, removed or renamed."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(STRANGE)
    if isinstance(value, list):
        index = random.randrange(len(value))
        return [*value[:index], _changed(value[index], random), *value[index + 1 :]]
    key = random.choice(list(value))
    if random.random() < 0.15:
        return {name: part for name, part in value.items() if name != key}
    if random.random() < 0.1:
        return {random.choice(["", "x", "0", "value"]) if name == key else name: part for name, part in value.items()}
    return {**value, key: _changed(value[key], random)}

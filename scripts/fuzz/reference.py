"""The specification's definitions.py behind lines of JSON: see values.ts. Argument: the folder that it is in."""

import base64
import json
import math
import struct
import sys

sys.path.insert(0, sys.argv[1])
import definitions as d  # noqa: E402

d.DETERMINISTIC_PROFILE = True
MEMORY_BYTES = 16 * 65536
START = 64
GAP = 3


class Context(d.LiftLowerContext):
    """Allocates as values.ts does: from the front, and never again."""

    next = START

    def reallocate(self, old, old_bytes, alignment, new_bytes):
        at = d.align_to(self.next, alignment)
        self.next = at + new_bytes + GAP
        keep = min(old_bytes, new_bytes)
        memory = self.opts.memory
        if at + new_bytes <= len(memory):
            memory[at : at + keep] = memory[old : old + keep]
        return at


PRIMITIVES = {
    "bool": d.BoolType,
    "s8": d.S8Type,
    "u8": d.U8Type,
    "s16": d.S16Type,
    "u16": d.U16Type,
    "s32": d.S32Type,
    "u32": d.U32Type,
    "s64": d.S64Type,
    "u64": d.U64Type,
    "f32": d.F32Type,
    "f64": d.F64Type,
    "char": d.CharType,
    "string": d.StringType,
}


def type_of(t):
    if t is None:
        return None
    kind = t["kind"]
    if kind in PRIMITIVES:
        return PRIMITIVES[kind]()
    if kind == "list":
        return d.ListType(type_of(t["element"]), t.get("length"))
    if kind == "tuple":
        return d.TupleType([type_of(m) for m in t["members"]])
    if kind == "record":
        return d.RecordType([d.FieldType(str(i), type_of(f["type"])) for i, f in enumerate(t["fields"])])
    if kind == "variant":
        return d.VariantType([d.CaseType(str(i), type_of(c.get("type"))) for i, c in enumerate(t["cases"])])
    if kind == "enum":
        return d.EnumType([str(i) for i in range(len(t["names"]))])
    if kind == "flags":
        return d.FlagsType([str(i) for i in range(len(t["names"]))])
    if kind == "option":
        return d.OptionType(type_of(t["some"]))
    if kind == "result":
        return d.ResultType(type_of(t.get("ok")), type_of(t.get("err")))
    if kind == "map":
        return d.MapType(type_of(t["key"]), type_of(t["value"]))
    raise ValueError(kind)


def labels_of(t):
    """Of what has cases."""
    return [c.label for c in d.despecialize(t).cases]


def payload_of(t, index):
    return d.despecialize(t).cases[index].t


def string_of(text, encoding):
    if encoding == "utf8":
        return (text, encoding, len(text.encode("utf-8")))
    units = len(text.encode("utf-16-le")) // 2
    if encoding == "latin1+utf16" and any(ord(c) > 255 for c in text):
        return (text, encoding, units | (1 << 31))
    return (text, encoding, units)


def value_of(t, v, encoding):
    of = lambda inner, value: value_of(inner, value, encoding)
    match t:
        case d.StringType():
            return string_of(v, encoding)
        case d.S64Type() | d.U64Type():
            return int(v)
        case d.F32Type():
            return float(v) if v == "nan" else struct.unpack("<f", struct.pack("<I", int(v)))[0]
        case d.F64Type():
            return float(v) if v == "nan" else struct.unpack("<d", struct.pack("<Q", int(v)))[0]
        case d.ListType(e, _):
            return [of(e, x) for x in v]
        case d.MapType(k, e):
            return [{"0": of(k, a), "1": of(e, b)} for a, b in v]
        case d.TupleType(ts):
            return {str(i): of(m, v[i]) for i, m in enumerate(ts)}
        case d.RecordType(fields):
            return {f.label: of(f.t, v[i]) for i, f in enumerate(fields)}
        case d.FlagsType(names):
            return {name: v[i] for i, name in enumerate(names)}
        case d.VariantType() | d.EnumType() | d.OptionType() | d.ResultType():
            index, payload = v
            inner = payload_of(t, index)
            return {labels_of(t)[index]: None if inner is None else of(inner, payload)}
        case _:
            return v


def wire_of(t, v):
    match t:
        case d.StringType():
            return v[0]
        case d.S64Type() | d.U64Type():
            return str(v)
        case d.F32Type():
            return "nan" if math.isnan(v) else str(struct.unpack("<I", struct.pack("<f", v))[0])
        case d.F64Type():
            return "nan" if math.isnan(v) else str(struct.unpack("<Q", struct.pack("<d", v))[0])
        case d.ListType(e, _):
            return [wire_of(e, x) for x in v]
        case d.MapType(k, e):
            return [[wire_of(k, x["0"]), wire_of(e, x["1"])] for x in v]
        case d.TupleType(ts):
            return [wire_of(m, v[str(i)]) for i, m in enumerate(ts)]
        case d.RecordType(fields):
            return [wire_of(f.t, v[f.label]) for f in fields]
        case d.FlagsType(names):
            return [v[name] for name in names]
        case d.VariantType() | d.EnumType() | d.OptionType() | d.ResultType():
            [(label, payload)] = v.items()
            index = labels_of(t).index(label)
            inner = payload_of(t, index)
            return [index, None if inner is None else wire_of(inner, payload)]
        case _:
            return v


def core_of(kind, v):
    """A core value as a text."""
    if kind == "f32":
        return "nan" if math.isnan(v) else str(struct.unpack("<I", struct.pack("<f", v))[0])
    if kind == "f64":
        return "nan" if math.isnan(v) else str(struct.unpack("<Q", struct.pack("<d", v))[0])
    return str(v)


def core_from(kind, text):
    if kind == "f32":
        return struct.unpack("<f", struct.pack("<I", int(text)))[0]
    if kind == "f64":
        return struct.unpack("<d", struct.pack("<Q", int(text)))[0]
    return int(text)


def answer(q):
    t = type_of(q["type"])
    memory = d.MemInst(bytearray(MEMORY_BYTES), "i32")
    options = d.LiftLowerOptions(q["encoding"], memory, None)
    cx = Context(options, None)
    size, align = d.elem_size(t, "i32"), d.alignment(t, "i32")
    flat = d.flatten_type(t, options)
    layout = {"size": size, "align": align, "count": len(flat), "flat": flat[:20]}
    try:
        if q["do"] == "lower":
            v = value_of(t, q["value"], q["source"])
            if q["flat"]:
                cores = [core_of(k, c) for k, c in zip(flat, d.lower_flat(cx, v, t), strict=True)]
            else:
                at = cx.allocate(align, size)
                d.trap_if(at + size > len(memory))
                d.store(cx, v, t, at)
                cores = [str(at)]
            used = bytes(memory.bytes[: min(cx.next, MEMORY_BYTES)])
            return {"cores": cores, "memory": base64.b64encode(used).decode(), "layout": layout}
        content = base64.b64decode(q["memory"])
        memory.bytes[: len(content)] = content
        if q["flat"]:
            cores = [core_from(k, c) for k, c in zip(flat, q["cores"], strict=True)]
            v = d.lift_flat(cx, d.CoreValueIter(cores), t)
        else:
            v = d.load(cx, int(q["cores"][0]), t)
        return {"value": wire_of(t, v), "layout": layout}
    except d.Trap:
        return {"trap": True, "layout": layout}
    except Long:
        return {"long": True, "layout": layout}


class Long(Exception):
    """More values than anybody waits for: lists of lists, whose lengths are multiplied."""


MOST = 50_000
load = d.load


def counted(cx, *args):
    cx.loaded = getattr(cx, "loaded", 0) + 1
    if cx.loaded > MOST:
        raise Long
    return load(cx, *args)


d.load = counted
sys.setrecursionlimit(10_000)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=False)
    if line.endswith(" \n"):
        sys.stdout.flush()

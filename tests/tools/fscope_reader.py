#!/usr/bin/env python3
"""Reads a .fscope trace without Fiberscope's own code, by docs/trace-format.md alone.

    fscope_reader.py TRACE.fscope             how long it is, and the registers at its end
    fscope_reader.py TRACE.fscope --step N    the registers at cursor N
    fscope_reader.py TRACE.fscope --jsonl F   compare every register and byte at every cursor with an export

Needs nothing but Python 3.8 and the program zstd.
"""
import argparse
import json
import sqlite3
import subprocess
import sys

MASK = (1 << 64) - 1
NONE, RIP, RSP, GENERAL = 0xFF, 16, 7, 16
NAMES = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags fs_base gs_base "
         "cs ss ds es fs gs cr0 cr2 cr3 cr4 mxcsr fpcw fpsw fptag").split()
NAMES += [f"fp{i}.{half}" for i in range(8) for half in ("low", "high")]
NAMES += [f"xmm{i}.{half}" for i in range(16) for half in ("low", "high")]


def unpack(frames):
    """Decompresses (frame, size) pairs in one run of zstd: frames behind each other are one stream."""
    stream = b"".join(frame for frame, _ in frames)
    plain = subprocess.run(["zstd", "-dc"], input=stream, stdout=subprocess.PIPE, check=True).stdout if stream else b""
    parts, at = [], 0
    for _, size in frames:
        parts.append(plain[at:at + size])
        at += size
    if at != len(plain):
        raise ValueError("an entry has another size than its row says")
    return parts


class Varints:
    def __init__(self, data):
        self.data, self.at = data, 0

    def get(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value & MASK

    def signed(self):
        value = self.get()
        return (value >> 1) ^ -(value & 1)

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def done(self):
        return self.at == len(self.data)


class Template:
    """What one instruction may do."""

    def __init__(self, address, code, form):
        self.address, self.next = address & MASK, (address + len(code)) & MASK
        data = Varints(form)
        self.slots = list(data.bytes(data.get()))
        self.certain = list(data.bytes(data.get()))
        self.writes = [self.operand(data) for _ in range(data.get())]
        self.source, self.source_size, self.target = data.get(), data.get(), data.get()
        self.value = (None, data.get, lambda: self.operand(data), data.get)[self.source]() if self.source else None

    @staticmethod
    def operand(data):
        base, index, segment, scale, size = (data.get() for _ in range(5))
        return base, index, segment, scale, size, data.signed()


class Machine:
    def __init__(self, registers, regions, kernel=None, frames=None):
        self.registers, self.regions = registers, regions  # regions: [(low, bytearray)]
        self.kernel, self.frames = kernel, frames  # of a Linux program: where its books lie, and range(…) of its frames
        self.moved = {}  # frame by page, of the space that is laid out

    def find(self, address):
        for low, data in self.regions:
            if low <= address < low + len(data):
                return data, address - low
        return bytearray(), 0

    def read(self, address, size):
        data, at = self.find(address)
        return int.from_bytes(data[at:at + size], "little")

    def write(self, address, value, size):
        for i, byte in enumerate((value & MASK).to_bytes(8, "little")[:size]):
            data, at = self.find(address + i)
            if data:
                data[at] = byte

    def exchange(self):
        for page, frame in self.moved.items():
            (one, i), (other, j) = self.find(page), self.find(frame)
            one[i:i + 4096], other[j:j + 4096] = other[j:j + 4096], one[i:i + 4096]

    def lay_out(self, space):
        self.exchange()  # put away what was laid out
        self.moved = {}
        if self.kernel is not None:
            self.walk_tables(self.read(self.kernel + 0x1000 + 24 * space, 8), 3, 0)
            self.exchange()

    def walk_tables(self, table, level, base):
        data, at = self.find(table)
        if table == 0 or not data:
            return
        for index in range(512):
            entry = int.from_bytes(data[at + 8 * index:at + 8 * index + 8], "little")
            if entry == 0:
                continue
            page, frame = base | index << (12 + 9 * level), entry & 0x000FFFFFFFFFF000
            if level > 0:
                self.walk_tables(frame, level - 1, page)
            elif frame != page and frame in self.frames:
                self.moved[page] = frame

    def address(self, operand, template):
        base, index, segment, scale, _, displacement = operand
        value = displacement
        if base != NONE:
            value += template.next if base == RIP else self.registers[base]
        if index != NONE:
            value += self.registers[index] * scale
        if segment != NONE:
            value += self.registers[segment]
        return value & MASK


def play(machine, chunk, templates):
    """Applies a chunk. Yields each cursor that is complete, just before the step that leaves it."""
    cursor, registers, rip_after, body, space = chunk
    machine.registers[:] = registers
    machine.lay_out(space)
    data = Varints(body)
    flow, values, writes, events = (Varints(data.bytes(data.get())) for _ in range(4))
    previous, successor = None, {}

    def explicit_writes():
        base = machine.registers[RSP]
        for _ in range(writes.get()):
            size, address = writes.get(), (base + writes.signed()) & MASK
            if size == 0xFF:
                for i, byte in enumerate(writes.bytes(writes.get())):
                    machine.write(address + i, byte, 1)
            else:
                machine.write(address, machine.read(address, size) + writes.signed(), size)

    while not flow.done():
        code = flow.get()
        if code == 1:
            machine.registers[RIP] = events.get()
            events.get(), events.get(), events.get()  # kind, vector, error code
            explicit_writes()
            for _ in range(events.get()):
                slot = events.get()
                machine.registers[slot] ^= events.get()
            previous = None
            continue
        if code == 4:
            machine.lay_out(flow.get())
            continue
        number = successor[previous] if code == 0 else flow.get() if code == 2 else code - 8
        if previous is not None:
            successor[previous] = number
        previous = number
        machine.registers[RIP] = templates[number].address
        yield cursor
        apply_step(machine, templates[number], code != 2, values, writes, explicit_writes)
        machine.registers[RIP] = rip_after  # unless more of this chunk follows
        cursor += 1


def apply_step(machine, step, foretold_writes, values, writes, explicit_writes):
    before = machine.registers
    mask = (1 << 8 * step.source_size) - 1
    source = 0
    if step.source == 1:
        source = before[step.value] & mask
    elif step.source == 2:
        source = machine.read(machine.address(step.value, step), step.source_size)
    elif step.source == 3:
        source = step.value
    if foretold_writes:
        for i, operand in enumerate(step.writes):
            size = operand[4]
            address = (machine.address(operand, step) + writes.signed()) & MASK
            moved = i == 0 and step.source != 0 and step.target == NONE
            machine.write(address, (source if moved else machine.read(address, size)) + writes.signed(), size)
    else:
        explicit_writes()
    for slot in step.slots:
        if slot < GENERAL:
            before[slot] = ((source if slot == step.target else before[slot]) + values.signed()) & MASK
        else:
            before[slot] ^= values.get()


class Trace:
    def __init__(self, path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        database.execute("BEGIN")  # one moment of a file that may still be written
        (application,), (version,) = (database.execute(f"PRAGMA {name}").fetchone()
                                      for name in ("application_id", "user_version"))
        if application != 0x46534350 or version != 1:
            raise ValueError(f"{path}: not a trace of version 1")
        rows = lambda table, columns: database.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
        regions = rows("regions", "low, high, contents, size, name, rights")
        contents = unpack([(r[2], r[3]) for r in regions])
        self.regions = [(low & MASK, plain.ljust(high - low, b"\0"))
                        for (low, high, *_), plain in zip(regions, contents)]
        hidden = {name: range(low, high) for low, high, _, _, name, rights in regions if rights == "---"}
        self.kernel = hidden["kernel"].start if "kernel" in hidden else None
        self.frames = hidden.get("frames")
        self.templates = [Template(*row) for row in rows("instructions", "address, bytes, template")]
        if len(rows("start", "cpu")) != 1:
            raise ValueError(f"{path}: a trace of several processors, and this reader knows one")
        self.start = self.words(unpack([(rows("start", "registers")[0][0], 8 * len(NAMES))])[0])
        chunks = rows("chunks", "first_step, registers, rip_after, body, size, steps, space")
        registers = unpack([(c[1], 8 * len(NAMES)) for c in chunks])
        bodies = unpack([(c[3], c[4]) for c in chunks])
        self.chunks = [(c[0], self.words(r), c[2] & MASK, b, c[6], c[5]) for c, r, b in zip(chunks, registers, bodies)]
        pages = rows("pages", "chunk, address, contents")
        self.pages = [(chunk, address & MASK, plain)
                      for (chunk, address, _), plain in zip(pages, unpack([(p[2], 4096) for p in pages]))]
        database.close()

    @staticmethod
    def words(data):
        return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]

    def machine(self):
        return Machine(list(self.start), [(low, bytearray(data)) for low, data in self.regions],
                       self.kernel, self.frames)

    def steps(self):
        return self.chunks[-1][0] + self.chunks[-1][5] if self.chunks else 0

    def walk(self):
        """Yields (cursor, machine) for every cursor from 0 to the end; the machine is one and moves on."""
        machine = self.machine()
        for chunk in self.chunks:
            for cursor in play(machine, chunk[:5], self.templates):
                yield cursor, machine
        yield self.steps(), machine

    def seek(self, cursor):
        """The machine at a cursor; decodes 16 chunks at most."""
        machine = self.machine()
        index = max((i for i, chunk in enumerate(self.chunks) if chunk[0] <= cursor), default=-1)
        group = max(index, 0) // 16 * 16
        for chunk, address, page in self.pages:  # in the order of chunks: the newest page that is not too new stays
            if chunk <= group:
                data, at = machine.find(address)
                data[at:at + 4096] = page
        for chunk in self.chunks[group:]:
            for at in play(machine, chunk[:5], self.templates):
                if at == cursor:
                    return machine
        return machine


def compare(trace, path):
    """Holds every cursor of the trace against the states that an export in JSON Lines tells; returns their number."""
    walk = trace.walk()
    told = None
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if line["kind"] == "start":
                told = Machine([int(line["registers"][name], 16) for name in NAMES],
                               [(int(region["address"], 16),
                                 bytearray(bytes.fromhex(region["bytes"]).ljust(region["size"], b"\0")))
                                for region in line["memory"]])
                continue
            if line["kind"] in ("step", "end"):  # all before this line is one complete cursor
                cursor, machine = next(walk)
                wrong = [name for name, a, b in zip(NAMES, machine.registers, told.registers) if a != b]
                machine.exchange()  # the export tells physical memory
                wrong += [f"memory at {low:#x}" for (low, a), (_, b) in zip(machine.regions, told.regions) if a != b]
                machine.exchange()
                if wrong:
                    sys.exit(f"cursor {cursor}: the trace and the export differ in {', '.join(wrong)}")
            if line["kind"] == "end":
                break
            if line["kind"] in ("step", "event"):
                for name, value in line["registers"].items():
                    told.registers[NAMES.index(name)] = int(value, 16)
                for write in line["memory"]:
                    told.write(int(write.get("frame", write["address"]), 16), int(write["new"], 16), write["size"])
    if next(walk, None) is not None:
        sys.exit("the export ends before the trace does")
    return cursor + 1


def main():
    parser = argparse.ArgumentParser(description="Reads a .fscope trace without Fiberscope's own code.")
    parser.add_argument("trace")
    parser.add_argument("--step", type=int, help="the cursor to show (default: the last)")
    parser.add_argument("--jsonl", help="an export of the same trace, to compare every cursor with")
    options = parser.parse_args()
    trace = Trace(options.trace)
    if options.jsonl:
        print(f"{compare(trace, options.jsonl)} cursors equal")
        return
    cursor = trace.steps() if options.step is None else options.step
    if not 0 <= cursor <= trace.steps():
        sys.exit(f"--step {cursor}: the trace has {trace.steps()} steps")
    print(f"cursor {cursor} of {trace.steps()}")
    for name, value in zip(NAMES, trace.seek(cursor).registers):
        print(f"{name:9} 0x{value:016x}")


if __name__ == "__main__":
    main()

#pragma once

namespace fiberscope::core {

/// The tables of a trace, version 1 (docs/trace-format.md). Rows of every table but `digests` are only ever added.
inline constexpr const char* kTraceSchema = R"(
CREATE TABLE meta (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT;
CREATE TABLE images (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL, elf BLOB NOT NULL) STRICT;
CREATE TABLE sources (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, text BLOB NOT NULL) STRICT;
CREATE TABLE regions (id INTEGER PRIMARY KEY, space INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
                      low INTEGER NOT NULL, high INTEGER NOT NULL, rights TEXT NOT NULL,
                      size INTEGER NOT NULL, contents BLOB NOT NULL) STRICT;
CREATE TABLE start (id INTEGER PRIMARY KEY, cpu INTEGER NOT NULL, registers BLOB NOT NULL) STRICT;
CREATE TABLE instructions (id INTEGER PRIMARY KEY, address INTEGER NOT NULL, bytes BLOB NOT NULL, template BLOB NOT NULL) STRICT;
CREATE TABLE chunks (id INTEGER PRIMARY KEY, first_step INTEGER NOT NULL, steps INTEGER NOT NULL, cpu INTEGER NOT NULL, space INTEGER NOT NULL,
                     registers BLOB NOT NULL, rip_after INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL,
                     touched_size INTEGER NOT NULL, touched BLOB NOT NULL, written BLOB NOT NULL) STRICT;
CREATE TABLE pages (id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, space INTEGER NOT NULL, address INTEGER NOT NULL,
                    contents BLOB NOT NULL) STRICT;
CREATE TABLE threads (id INTEGER PRIMARY KEY, thread INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
                      state TEXT NOT NULL, stack_low INTEGER NOT NULL, stack_high INTEGER NOT NULL,
                      saved_rsp INTEGER NOT NULL, tcb INTEGER NOT NULL, first_seen INTEGER NOT NULL) STRICT;
CREATE TABLE switches (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, cpu INTEGER NOT NULL, from_thread INTEGER, to_thread INTEGER,
                       reason TEXT NOT NULL, at TEXT NOT NULL, address INTEGER NOT NULL) STRICT;
CREATE TABLE events (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind INTEGER NOT NULL, vector INTEGER NOT NULL,
                     error_code INTEGER NOT NULL, rip_before INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE output (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE findings (id INTEGER PRIMARY KEY, rule TEXT NOT NULL, severity TEXT NOT NULL, step INTEGER NOT NULL,
                       thread INTEGER, message TEXT NOT NULL, expected TEXT NOT NULL, actual TEXT NOT NULL) STRICT;
CREATE TABLE ending (id INTEGER PRIMARY KEY, reason TEXT NOT NULL, code INTEGER NOT NULL, vector INTEGER NOT NULL,
                     rip INTEGER NOT NULL, address INTEGER NOT NULL, message TEXT NOT NULL) STRICT;
CREATE TABLE digests (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
)";

}  // namespace fiberscope::core

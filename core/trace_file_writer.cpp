#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

#include "core/trace_file.h"
#include "core/trace_schema.h"
#include "core/varint.h"
#include "core/zstd_codec.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kChunksPerCommit = 4;
constexpr std::chrono::milliseconds kCommitInterval{20};

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view kind_name(emu::RegionKind kind) {
  constexpr std::string_view kNames[] = {"code", "data", "stack", "tcb"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view severity_name(Severity severity) {
  constexpr std::string_view kNames[] = {"note", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::vector<std::uint8_t> written_bytes(const std::bitset<emu::kRegisterSlots>& written) {
  std::vector<std::uint8_t> bytes((emu::kRegisterSlots + 7) / 8);
  for (std::size_t i = 0; i < emu::kRegisterSlots; ++i)
    if (written.test(i)) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (1U << (i % 8)));
  return bytes;
}

std::span<const std::uint8_t> register_bytes(const emu::RegisterFile& registers) {
  return {reinterpret_cast<const std::uint8_t*>(registers.slots.data()), sizeof registers.slots};
}

std::span<const std::uint8_t> register_bytes(const std::vector<emu::RegisterFile>& all) {
  static_assert(sizeof(emu::RegisterFile) == sizeof(emu::RegisterFile::slots), "one behind the other in the file");
  return {reinterpret_cast<const std::uint8_t*>(all.data()), all.size() * sizeof(emu::RegisterFile)};
}

}  // namespace

struct TraceFileWriter::Tables {
  explicit Tables(sqlite3* db)
      : meta(db, "INSERT INTO meta(name, value) VALUES (?,?)"),
        images(db, "INSERT INTO images(name, size, elf) VALUES (?,?,?)"),
        sources(db, "INSERT INTO sources(path, size, text) VALUES (?,?,?)"),
        regions(db,
                "INSERT INTO regions(space, name, kind, low, high, rights, size, contents) VALUES (?,?,?,?,?,?,?,?)"),
        start(db, "INSERT INTO start(cpu, registers) VALUES (?,?)"),
        instructions(db, "INSERT INTO instructions(address, bytes, template) VALUES (?,?,?)"),
        chunks(db,
               "INSERT INTO chunks(first_step, steps, cpu, space, registers, rip_after, size, body, touched_size, "
               "touched, written) "
               "VALUES (?,?,?,?,?,?,?,?,?,?,?)"),
        pages(db, "INSERT INTO pages(chunk, space, address, contents) VALUES (?,?,?,?)"),
        threads(db,
                "INSERT INTO threads(thread, name, kind, state, stack_low, stack_high, saved_rsp, tcb, first_seen) "
                "VALUES (?,?,?,?,?,?,?,?,?)"),
        switches(db,
                 "INSERT INTO switches(step, cpu, from_thread, to_thread, reason, at, address) VALUES (?,?,?,?,?,?,?)"),
        events(db, "INSERT INTO events(step, kind, vector, error_code, rip_before, text) VALUES (?,?,?,?,?,?)"),
        output(db, "INSERT INTO output(step, bytes) VALUES (?,?)"),
        findings(
            db, "INSERT INTO findings(rule, severity, step, thread, message, expected, actual) VALUES (?,?,?,?,?,?,?)"),
        ending(db, "INSERT INTO ending(reason, code, vector, rip, address, message) VALUES (?,?,?,?,?,?)"),
        digests(db,
                "INSERT INTO digests(name, rows, digest) VALUES (?,?,?) "
                "ON CONFLICT(name) DO UPDATE SET rows = excluded.rows, digest = excluded.digest") {}

  std::vector<std::pair<std::string_view, Table*>> all() {
    return {{"meta", &meta},         {"images", &images}, {"sources", &sources},
            {"regions", &regions},   {"start", &start},   {"instructions", &instructions},
            {"chunks", &chunks},     {"pages", &pages},   {"threads", &threads},
            {"switches", &switches}, {"events", &events}, {"output", &output},
            {"findings", &findings}, {"ending", &ending}};
  }

  Table meta, images, sources, regions, start, instructions, chunks, pages, threads, switches, events, output, findings,
      ending;
  Statement digests;
  std::map<std::string_view, std::uint64_t> told_rows;
};

TraceFileWriter::TraceFileWriter(const std::string& path, Database::Mode mode) : database_(path, mode) {
  lock_ = std::make_unique<RecordingLock>(path, true);
  if (!lock_->take()) throw DatabaseError("another recorder is writing it");
  // Measured: a rollback journal that is kept, no sync at each commit, one at the end. A kill of the writer loses
  // nothing that was committed; a power cut may.
  database_.execute("PRAGMA journal_mode=PERSIST; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;");
}

TraceFileWriter::~TraceFileWriter() {
  try {
    if (open_) commit();
  } catch (...) {
    // A destructor may not throw; what was committed before stays readable.
  }
}

emu::Result<std::unique_ptr<TraceFileWriter>> TraceFileWriter::create(const std::string& path,
                                                                      const TraceHeader& header) {
  const auto remove_files = [&] {
    std::remove(path.c_str());
    std::remove((path + "-journal").c_str());
  };
  try {
    remove_files();
    std::unique_ptr<TraceFileWriter> writer(new TraceFileWriter(path, Database::Mode::create));
    writer->begin();
    writer->database_.execute(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={};", kTraceApplicationId, kTraceVersion));
    writer->database_.execute(kTraceSchema);
    writer->tables_ = std::make_unique<Tables>(writer->database_.handle());
    writer->write_header(header);
    writer->commit();
    return writer;
  } catch (const DatabaseError& error) {
    remove_files();
    return emu::Error{fmt::format("cannot write the trace {}: {}; choose another place with -o", path, error.what())};
  }
}

emu::Result<std::unique_ptr<TraceFileWriter>> TraceFileWriter::resume(const std::string& path) {
  try {
    std::unique_ptr<TraceFileWriter> writer(new TraceFileWriter(path, Database::Mode::read_write));
    Statement application(writer->database_.handle(), "PRAGMA application_id");
    if (!application.step() || application.integer() != kTraceApplicationId)
      return emu::Error{fmt::format("nothing had been committed to {} yet", path)};
    writer->tables_ = std::make_unique<Tables>(writer->database_.handle());
    writer->load_digests();
    return writer;
  } catch (const DatabaseError& error) {
    return emu::Error{fmt::format("cannot go on with the trace {}: {}", path, error.what())};
  }
}

void TraceFileWriter::load_digests() {
  Statement select(database_.handle(), "SELECT name, rows, digest FROM digests");
  while (select.step()) {
    const std::string name = select.text();
    const std::uint64_t rows = select.unsigned_integer();
    const std::uint64_t digest = select.unsigned_integer();
    for (const auto& [table_name, table] : tables_->all()) {
      if (table_name != name) continue;
      table->rows = rows;
      table->digest = RowDigest(digest);
    }
  }
  committed_chunks_ = tables_->chunks.rows;
}

void TraceFileWriter::write_header(const TraceHeader& header) {
  const auto insert = [](Table& table, auto&&... values) {
    (table.insert.bind(values), ...);
    table.insert.run();
    ++table.rows;
  };
  for (const auto& [name, value] : header.meta) insert(tables_->meta, std::string_view(name), std::string_view(value));
  const std::vector<std::uint8_t> image = compress(header.image);
  insert(tables_->images, std::string_view(header.image_name), std::uint64_t{header.image.size()},
         std::span<const std::uint8_t>(image));
  for (const auto& [path, text] : header.sources) {
    const std::vector<std::uint8_t> packed = compress(bytes_of(text));
    insert(tables_->sources, std::string_view(path), std::uint64_t{text.size()}, std::span<const std::uint8_t>(packed));
  }
  for (std::size_t cpu = 0; cpu <= header.others.size(); ++cpu) {
    const std::vector<std::uint8_t> registers =
        compress(register_bytes(cpu == 0 ? header.registers : header.others[cpu - 1]));
    insert(tables_->start, std::uint64_t{cpu}, std::span<const std::uint8_t>(registers));
  }
  for (const emu::LoadedRegion& loaded : header.regions) {
    const emu::Region& region = loaded.region;
    const std::string rights =
        fmt::format("{}{}{}", region.readable ? "r" : "-", region.writable ? "w" : "-", region.executable ? "x" : "-");
    const std::vector<std::uint8_t> packed = compress(loaded.contents);
    insert(tables_->regions, std::int64_t{0}, std::string_view(region.name), kind_name(region.kind),
           region.range.low.value, region.range.high.value, std::string_view(rights),
           std::uint64_t{loaded.contents.size()}, std::span<const std::uint8_t>(packed));
  }
}

void TraceFileWriter::begin() {
  database_.execute("BEGIN IMMEDIATE");
  open_ = true;
  opened_ = std::chrono::steady_clock::now();
}

void TraceFileWriter::commit() {
  for (const auto& [name, table] : tables_->all()) {
    if (const auto told = tables_->told_rows.find(name);
        told != tables_->told_rows.end() && told->second == table->rows)
      continue;
    tables_->digests.bind(name).bind(table->rows).bind(table->digest.sum()).run();
    tables_->told_rows[name] = table->rows;
  }
  database_.execute("COMMIT");
  open_ = false;
  committed_chunks_ += pending_chunks_;
  pending_chunks_ = 0;
}

void TraceFileWriter::insert(const TraceBatch& batch) {
  const auto insert_row = [](Table& table, auto&&... values) {
    const auto put = [&](const auto& value) {
      if constexpr (requires { value.has_value(); }) {
        if (value) {
          table.insert.bind(std::uint64_t{value->value});
        } else {
          table.insert.bind_null();
        }
      } else {
        table.insert.bind(value);
      }
    };
    (put(values), ...);
    table.insert.run();
    ++table.rows;
  };
  using View = std::string_view;
  using Bytes = std::span<const std::uint8_t>;
  for (const StepTemplate& step : batch.templates) {
    const std::vector<std::uint8_t> form = serialize(step);
    insert_row(tables_->instructions, step.address, Bytes(step.bytes.data(), step.size), Bytes(form));
  }
  for (const Chunk& chunk : batch.chunks) {
    const std::vector<std::uint8_t> registers = compress(register_bytes(chunk.registers));
    const std::vector<std::uint8_t> touched = serialize(chunk.touched);
    const std::vector<std::uint8_t> packed = compress(touched);
    const std::vector<std::uint8_t> written = written_bytes(chunk.written);
    insert_row(tables_->chunks, chunk.first.value, chunk.steps, std::uint64_t{chunk.cpu.value},
               static_cast<std::int64_t>(chunk.space), Bytes(registers), chunk.rip_after,
               std::uint64_t{chunk.body_size}, Bytes(chunk.body), std::uint64_t{touched.size()}, Bytes(packed),
               Bytes(written));
  }
  for (const PageRecord& page : batch.pages) {
    const std::vector<std::uint8_t> packed = compress(page.contents);
    insert_row(tables_->pages, page.chunk, std::int64_t{0}, page.address.value, Bytes(packed));
  }
  for (const ThreadRecord& record : batch.threads) {
    const Thread& thread = record.thread;
    insert_row(tables_->threads, std::uint64_t{thread.id.value}, View(thread.name), to_string(thread.kind),
               to_string(thread.state), thread.stack.low.value, thread.stack.high.value, thread.saved_rsp.value,
               thread.tcb.value, record.first_seen.value);
  }
  for (const Switch& entry : batch.switches)
    insert_row(tables_->switches, entry.step.value, std::uint64_t{entry.cpu.value}, entry.from, entry.to,
               to_string(entry.reason), View(entry.at), entry.address.value);
  for (const EventRecord& record : batch.events)
    insert_row(tables_->events, record.event.step.value, static_cast<std::int64_t>(record.event.kind),
               std::int64_t{record.event.vector}, std::int64_t{record.event.error_code}, record.event.rip_before.value,
               View(record.text));
  for (const OutputRecord& record : batch.output)
    insert_row(tables_->output, record.step.value, Bytes(bytes_of(record.bytes)));
  for (const Finding& finding : batch.findings)
    insert_row(tables_->findings, View(finding.rule), severity_name(finding.severity), finding.step.value,
               finding.thread, View(finding.message), View(finding.expected), View(finding.actual));
  pending_chunks_ += batch.chunks.size();
}

template <typename Work>
void TraceFileWriter::in_transaction(Work&& work) {
  if (broken_) throw DatabaseError("writing it has failed before");
  try {
    if (!open_) begin();
    work();
  } catch (...) {
    roll_back();
    throw;
  }
}

void TraceFileWriter::roll_back() {
  sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  open_ = false;
  broken_ = true;
}

void TraceFileWriter::append(TraceBatch batch) {
  in_transaction([&] {
    insert(batch);
    if (pending_chunks_ >= kChunksPerCommit || std::chrono::steady_clock::now() - opened_ >= kCommitInterval) commit();
  });
}

void TraceFileWriter::idle() {
  if (open_) in_transaction([this] { commit(); });
}

void TraceFileWriter::finish(const emu::Stop& stop) {
  in_transaction([&] {
    insert_ending(stop);
    commit();
  });
  tables_.reset();
  // A finished trace is one file. Where a reader holds the database just now, the empty journal stays beside it.
  sqlite3_exec(database_.handle(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  if (lock_->descriptor() >= 0) ::fsync(lock_->descriptor());
}

void TraceFileWriter::insert_ending(const emu::Stop& stop) {
  Table& ending = tables_->ending;
  ending.insert.bind(to_string(stop.reason))
      .bind(std::int64_t{stop.code})
      .bind(std::int64_t{stop.vector})
      .bind(stop.rip.value)
      .bind(stop.address.value)
      .bind(std::string_view(stop.message))
      .run();
  ++ending.rows;
}

}  // namespace fiberscope::core

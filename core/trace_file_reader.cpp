#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

#include "core/temporary_folder.h"
#include "core/trace_file.h"
#include "core/varint.h"
#include "core/zstd_codec.h"
#include "emu/machine.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kMaxBlob = std::uint64_t{1} << 32;

template <typename Enum>
Enum parse_enum(std::string_view text, std::uint8_t last, std::string_view what) {
  for (std::uint8_t i = 0; i <= last; ++i)
    if (to_string(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  throw CorruptData(fmt::format("unknown {} '{}'", what, text));
}

std::vector<std::uint8_t> unpack(const std::vector<std::uint8_t>& packed, std::uint64_t size) {
  if (size > kMaxBlob) throw CorruptData("an entry claims an impossible size");
  return decompress(packed, size);
}

emu::RegionKind parse_region_kind(std::string_view text) {
  constexpr std::string_view kNames[] = {"code", "data", "stack", "tcb"};
  const auto found = std::find(std::begin(kNames), std::end(kNames), text);
  if (found == std::end(kNames)) throw CorruptData(fmt::format("unknown kind of region '{}'", text));
  return static_cast<emu::RegionKind>(found - std::begin(kNames));
}

std::optional<ThreadId> optional_thread(Statement& row) {
  if (row.null()) return std::nullopt;
  return ThreadId{static_cast<std::uint32_t>(row.integer())};
}

}  // namespace

bool is_trace_file(const std::string& path) {
  // https://www.sqlite.org/fileformat.html#the_database_header
  constexpr std::size_t kApplicationIdAt = 68;
  char header[kApplicationIdAt + 4] = {};
  std::ifstream(path, std::ios::binary).read(header, sizeof header);
  std::int64_t application = 0;
  for (std::size_t i = kApplicationIdAt; i < sizeof header; ++i)
    application = application << 8 | static_cast<std::uint8_t>(header[i]);
  return std::string_view(header) == "SQLite format 3" && application == kTraceApplicationId;
}

TraceFileReader::~TraceFileReader() {
  database_.reset();  // before the folder that it may lie in
}

emu::Result<std::unique_ptr<TraceFileReader>> TraceFileReader::open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return emu::Error{fmt::format("{}: no such file", path)};
  if (!std::filesystem::is_regular_file(path, error))
    return emu::Error{fmt::format("{}: not a file; a trace is a .fscope file", path)};
  std::unique_ptr<TraceFileReader> reader(new TraceFileReader(path));
  const std::string advice = "record it again with `fiberscope run TARGET -o FILE.fscope`";
  try {
    reader->connect();
    reader->check_identity();
    reader->read_header();
    return reader;
  } catch (const DatabaseError& failure) {
    return emu::Error{fmt::format("{}: not a readable trace: {}; {}", path, failure.what(), advice)};
  } catch (const CorruptData& failure) {
    return emu::Error{fmt::format("{}: not a readable trace: {}; {}", path, failure.what(), advice)};
  } catch (const std::bad_alloc&) {
    return emu::Error{fmt::format("{}: reading the trace needs more memory than there is", path)};
  }
}

void TraceFileReader::connect() {
  const auto probe = [this] {
    // The first statement is where a journal left by a killed writer shows: rolling it back needs to write.
    Statement(database_->handle(), "SELECT count(*) FROM sqlite_schema").step();
  };
  try {
    database_ = std::make_unique<Database>(path_, Database::Mode::read);
    probe();
    return;
  } catch (const DatabaseError& failure) {
    // What a hot journal gives where it may not be rolled back, or not even be opened. Nothing else is mended by a
    // copy.
    const int kind = failure.code & 0xff;
    std::error_code ignored;
    if ((kind != SQLITE_READONLY && kind != SQLITE_CANTOPEN) || !std::filesystem::exists(path_ + "-journal", ignored))
      throw;
  }
  open_copy();
  probe();
}

void TraceFileReader::open_copy() {
  // Never change somebody's file by looking at it: roll back in a copy.
  auto folder = TemporaryFolder::make();
  if (!folder) throw DatabaseError("a killed recorder left its journal: " + folder.error().message);
  private_folder_ = std::move(folder).value();
  const std::string copy = private_folder_.file("trace.fscope");
  for (const char* part : {"", "-journal"}) {
    std::error_code error;
    if (!std::filesystem::copy_file(path_ + part, copy + part, error))
      throw DatabaseError(fmt::format("a killed recorder left its journal, and {}{} cannot be copied to {}: {}", path_,
                                      part, private_folder_.path(), error.message()));
    // A copy keeps the rights of what may be a read-only file.
    std::filesystem::permissions(copy + part, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add, error);
  }
  database_ = std::make_unique<Database>(copy, Database::Mode::read_write);
}

void TraceFileReader::check_identity() {
  Statement application(database_->handle(), "PRAGMA application_id");
  Statement version(database_->handle(), "PRAGMA user_version");
  if (!application.step() || application.integer() != kTraceApplicationId)
    throw CorruptData("it is some other SQLite database");
  if (!version.step()) throw CorruptData("it has no version");
  const std::int64_t number = version.integer();
  if (number != kTraceVersion)
    throw CorruptData(fmt::format("its format is version {}, this program reads version {}", number, kTraceVersion));
}

void TraceFileReader::read_digests() {
  told_.clear();
  Statement digests(database_->handle(), "SELECT name, rows, digest FROM digests");
  while (digests.step()) {
    const std::string name = digests.text();
    const std::int64_t rows = digests.integer();
    const bool known = std::find(kTraceTables.begin(), kTraceTables.end(), name) != kTraceTables.end();
    if (!known || !told_.try_emplace(name, Told{rows, digests.unsigned_integer()}).second)
      throw CorruptData("the list of its tables is damaged");
  }
  if (told_.size() != kTraceTables.size()) throw CorruptData("the list of its tables lacks some");
  std::string highest;
  for (const std::string_view table : kTraceTables)
    highest += fmt::format("{}(SELECT max(id) FROM {})", highest.empty() ? "SELECT " : ", ", table);
  Statement counts(database_->handle(), highest);
  counts.step();
  for (const std::string_view table : kTraceTables) {
    const std::int64_t rows = counts.null() ? 0 : counts.integer();
    const std::int64_t wanted = told_.find(table)->second.rows;
    if (rows != wanted)
      throw CorruptData(fmt::format("table '{}' has {} rows, its digest says {}", table, rows, wanted));
  }
}

template <typename ReadRow>
void TraceFileReader::read_rows(const std::string& table, const std::string& columns, ReadRow&& read_row) {
  Progress& progress = progress_[table];
  const auto [rows, digest] = told_.at(table);
  if (rows > progress.rows) {
    Statement select(database_->handle(),
                     fmt::format("SELECT {} FROM {} WHERE id > ? AND id <= ? ORDER BY id", columns, table));
    select.bind(progress.rows).bind(rows);
    select.watch(&progress.digest);
    std::int64_t found = progress.rows;
    while (select.step()) {
      ++found;
      read_row(select);
    }
    if (found != rows) throw CorruptData(fmt::format("table '{}' has {} rows, its digest says {}", table, found, rows));
    progress.rows = rows;
  }
  if (progress.digest.sum() != digest || progress.rows != rows)
    throw CorruptData(fmt::format("table '{}' does not match its digest: the file is damaged", table));
}

void TraceFileReader::read_header() {
  database_->execute("BEGIN");
  read_digests();
  read_rows("meta", "name, value", [&](Statement& row) {
    const std::string name = row.text();
    header_.meta[name] = row.text();
  });
  read_rows("images", "name, size, elf", [&](Statement& row) {
    header_.image_name = row.text();
    const std::uint64_t size = row.unsigned_integer();
    header_.image = unpack(row.blob(), size);
  });
  read_rows("sources", "path, size, text", [&](Statement& row) {
    const std::string path = row.text();
    const std::uint64_t size = row.unsigned_integer();
    const std::vector<std::uint8_t> text = unpack(row.blob(), size);
    header_.sources[path].assign(text.begin(), text.end());
  });
  read_rows("regions", "space, name, kind, low, high, rights, size, contents", [&](Statement& row) {
    emu::LoadedRegion loaded;
    row.integer();
    loaded.region.name = row.text();
    loaded.region.kind = parse_region_kind(row.text());
    loaded.region.range.low = emu::Address{row.unsigned_integer()};
    loaded.region.range.high = emu::Address{row.unsigned_integer()};
    const std::string rights = row.text();
    loaded.region.readable = rights.find('r') != std::string::npos;
    loaded.region.writable = rights.find('w') != std::string::npos;
    loaded.region.executable = rights.find('x') != std::string::npos;
    const std::uint64_t size = row.unsigned_integer();
    loaded.contents = unpack(row.blob(), size);
    header_.regions.push_back(std::move(loaded));
  });
  std::uint64_t processors = 0;
  read_rows("start", "cpu, registers", [&](Statement& row) {
    const std::uint64_t cpu = row.unsigned_integer();
    const std::vector<std::uint8_t> registers = unpack(row.blob(), sizeof header_.registers.slots);
    if (cpu != processors++ || cpu >= emu::kMaxProcessors) throw CorruptData("its processors are not numbered on");
    emu::RegisterFile& file = cpu == 0 ? header_.registers : header_.others.emplace_back();
    std::memcpy(file.slots.data(), registers.data(), registers.size());
  });
  database_->execute("COMMIT");
  if (header_.image.empty() || header_.regions.empty()) throw CorruptData("it holds no image");
}

emu::Result<TraceFileReader::Update> TraceFileReader::poll() {
  try {
    Update update;
    database_->execute("BEGIN");
    read_digests();
    read_new(update);
    for (const auto& [table, told] : told_)
      if (progress_[table].rows != told.rows) throw CorruptData(fmt::format("table '{}' grew behind the start", table));
    database_->execute("COMMIT");
    return update;
  } catch (const DatabaseError& failure) {
    sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return emu::Error{fmt::format("{}: the trace cannot be read: {}", path_, failure.what())};
  } catch (const CorruptData& failure) {
    sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return emu::Error{fmt::format("{}: the trace is damaged: {}; record it again", path_, failure.what())};
  } catch (const std::bad_alloc&) {
    sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return emu::Error{fmt::format("{}: reading the trace needs more memory than there is", path_)};
  }
}

void TraceFileReader::read_new(Update& update) {
  TraceBatch& batch = update.batch;
  read_rows("instructions", "address, bytes, template", [&](Statement& row) {
    const std::uint64_t address = row.unsigned_integer();
    const std::vector<std::uint8_t> bytes = row.blob();
    batch.templates.push_back(deserialize_template(address, bytes, row.blob()));
  });
  read_rows("chunks", "first_step, steps, cpu, space, registers, rip_after, size, body, touched_size, touched, written",
            [&](Statement& row) {
              Chunk chunk;
              chunk.first = StepIndex{row.unsigned_integer()};
              chunk.steps = row.unsigned_integer();
              chunk.cpu = CpuId{static_cast<std::uint16_t>(row.integer())};
              chunk.space = static_cast<std::uint32_t>(row.integer());
              chunk.registers.resize(1 + header_.others.size());
              const std::vector<std::uint8_t> registers =
                  unpack(row.blob(), chunk.registers.size() * sizeof(emu::RegisterFile));
              std::memcpy(chunk.registers.data(), registers.data(), registers.size());
              chunk.rip_after = row.unsigned_integer();
              const std::uint64_t size = row.unsigned_integer();
              if (size > kMaxBlob / 4 || chunk.steps > kChunkSteps)
                throw CorruptData("a chunk claims an impossible size");
              chunk.body_size = static_cast<std::uint32_t>(size);
              chunk.body = row.blob();
              const std::uint64_t touched_size = row.unsigned_integer();
              const std::vector<std::uint8_t> touched = unpack(row.blob(), touched_size);
              chunk.touched = deserialize_touched(touched);
              const std::vector<std::uint8_t> written = row.blob();
              for (std::size_t i = 0; i < emu::kRegisterSlots && i / 8 < written.size(); ++i)
                chunk.written.set(i, (written[i / 8] >> (i % 8)) & 1);
              batch.chunks.push_back(std::move(chunk));
            });
  read_rows("pages", "chunk, space, address, contents", [&](Statement& row) {
    PageRecord page;
    page.chunk = row.unsigned_integer();
    row.integer();
    page.address = emu::Address{row.unsigned_integer()};
    page.contents = unpack(row.blob(), emu::kPageSize);
    batch.pages.push_back(std::move(page));
  });
  read_rows(
      "threads", "thread, name, kind, state, stack_low, stack_high, saved_rsp, tcb, first_seen", [&](Statement& row) {
        ThreadRecord record;
        Thread& thread = record.thread;
        thread.id = ThreadId{static_cast<std::uint32_t>(row.integer())};
        thread.name = row.text();
        thread.kind =
            parse_enum<ThreadKind>(row.text(), static_cast<std::uint8_t>(ThreadKind::signal), "kind of thread");
        thread.state = parse_enum<ThreadState>(row.text(), static_cast<std::uint8_t>(ThreadState::finished), "state");
        thread.stack.low = emu::Address{row.unsigned_integer()};
        thread.stack.high = emu::Address{row.unsigned_integer()};
        thread.saved_rsp = emu::Address{row.unsigned_integer()};
        thread.tcb = emu::Address{row.unsigned_integer()};
        record.first_seen = StepIndex{row.unsigned_integer()};
        batch.threads.push_back(std::move(record));
      });
  read_rows("switches", "step, cpu, from_thread, to_thread, reason, at, address", [&](Statement& row) {
    Switch entry;
    entry.step = StepIndex{row.unsigned_integer()};
    entry.cpu = CpuId{static_cast<std::uint16_t>(row.integer())};
    entry.from = optional_thread(row);
    entry.to = optional_thread(row);
    entry.reason = parse_enum<SwitchReason>(row.text(), static_cast<std::uint8_t>(SwitchReason::unknown), "reason");
    entry.at = row.text();
    entry.address = emu::Address{row.unsigned_integer()};
    batch.switches.push_back(std::move(entry));
  });
  read_rows("events", "step, kind, vector, error_code, rip_before, text", [&](Statement& row) {
    EventRecord record;
    record.event.step = StepIndex{row.unsigned_integer()};
    record.event.kind = static_cast<emu::EventKind>(row.integer());
    record.event.vector = static_cast<std::uint32_t>(row.integer());
    record.event.error_code = static_cast<std::uint32_t>(row.integer());
    record.event.rip_before = emu::Address{row.unsigned_integer()};
    record.text = row.text();
    batch.events.push_back(std::move(record));
  });
  read_rows("output", "step, bytes", [&](Statement& row) {
    OutputRecord record;
    record.step = StepIndex{row.unsigned_integer()};
    const std::vector<std::uint8_t> bytes = row.blob();
    record.bytes.assign(bytes.begin(), bytes.end());
    batch.output.push_back(std::move(record));
  });
  read_rows("findings", "rule, severity, step, thread, message, expected, actual", [&](Statement& row) {
    Finding finding;
    finding.rule = row.text();
    const std::string severity = row.text();
    finding.severity = severity == "error"     ? Severity::error
                       : severity == "warning" ? Severity::warning
                                               : Severity::note;
    finding.step = StepIndex{row.unsigned_integer()};
    finding.thread = optional_thread(row);
    finding.message = row.text();
    finding.expected = row.text();
    finding.actual = row.text();
    batch.findings.push_back(std::move(finding));
  });
  read_rows("ending", "reason, code, vector, rip, address, message", [&](Statement& row) {
    emu::Stop stop;
    stop.reason =
        parse_enum<emu::Stop::Reason>(row.text(), static_cast<std::uint8_t>(emu::Stop::Reason::schedule), "end");
    stop.code = static_cast<int>(row.integer());
    stop.vector = static_cast<std::uint8_t>(row.integer());
    stop.rip = emu::Address{row.unsigned_integer()};
    stop.address = emu::Address{row.unsigned_integer()};
    stop.message = row.text();
    update.stop = std::move(stop);
  });
}

}  // namespace fiberscope::core

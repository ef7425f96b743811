#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/chunk.h"
#include "core/finding.h"
#include "core/thread.h"
#include "emu/region.h"
#include "emu/stop.h"

namespace fiberscope::core {

/// What is known before the first step. A trace carries its image and sources, so that it opens without the files it
/// was made from.
struct TraceHeader {
  std::map<std::string, std::string> meta;  ///< scenario, title, note, profile, engine, … (docs/trace-format.md)
  std::string image_name;
  std::vector<std::uint8_t> image;             ///< the ELF file
  std::map<std::string, std::string> sources;  ///< by the path that the line table names
  std::vector<emu::LoadedRegion> regions;      ///< with their contents at cursor 0
  emu::RegisterFile registers;                 ///< at cursor 0, of processor 0
  std::vector<emu::RegisterFile> others;       ///< of the processors 1 and on
};

struct EventRecord {
  ChunkEvent event;
  std::string text;  ///< one line for people
};

struct OutputRecord {
  StepIndex step;  ///< the step that printed it
  std::string bytes;
};

/// A page as it was at the start of a chunk.
struct PageRecord {
  std::uint64_t chunk = 0;  ///< index of that chunk
  emu::Address address;
  std::vector<std::uint8_t> contents;
};

/// A thread as the trace knows it: what does not change. `state` and `saved_rsp` are those when it was first seen.
struct ThreadRecord {
  Thread thread;
  StepIndex first_seen;
};

/// Everything that some chunks add to a trace, to be kept together.
struct TraceBatch {
  std::vector<StepTemplate> templates;  ///< new ones, numbered on
  std::vector<Chunk> chunks;
  std::vector<PageRecord> pages;
  std::vector<ThreadRecord> threads;
  std::vector<Switch> switches;
  std::vector<EventRecord> events;
  std::vector<OutputRecord> output;
  std::vector<Finding> findings;
};

/// Every so many chunks the pages written since are kept whole, which bounds the work of a seek.
inline constexpr std::uint64_t kCheckpointChunks = 16;

/// Where a recording goes.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void append(TraceBatch batch) = 0;
  /// Nothing came for a while: what is held back may be handed on.
  virtual void idle() {}
  /// How many of the chunks appended would survive the death of this process.
  [[nodiscard]] virtual std::uint64_t safe_chunks() const = 0;
  virtual void finish(const emu::Stop& stop) = 0;
};

}  // namespace fiberscope::core

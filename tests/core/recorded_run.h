#pragma once
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/builtin_files.h"
#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/trace.h"
#include "emu/image.h"
#include "emu/machine.h"

namespace fiberscope::core {

/// A bare image that is part of the program.
inline emu::Image scenario_image(const std::string& name) {
  const auto bytes = builtin_file("images/" + name);
  if (!bytes) throw std::runtime_error("no such image: " + name);
  auto image = emu::Image::parse({bytes->begin(), bytes->end()}, name);
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

/// A trace in memory of the image's run; it carries these sources, by path.
inline std::unique_ptr<Trace> record(const emu::Image& image, std::uint64_t max_steps = 1'000'000,
                                     const std::map<std::string, std::string>& sources = {}) {
  auto machine = emu::Machine::boot(image);
  if (!machine) throw std::runtime_error(machine.error().message);
  TraceHeader header = make_header(**machine, image, {});
  header.sources = sources;
  auto trace = Trace::create(std::move(header));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(**machine, image, *ring, sink);
  recorder.run(max_steps);
  return std::move(trace).value();
}

}  // namespace fiberscope::core

#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/explore/thread_program.h"
#include "core/explore/typed_program.h"
#include "emu/image.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// Builds a C or assembly file, or an example, with functions thread_1 … thread_n and makes a program of it: gcc and
/// GNU as at run time (a message says so where they are missing), with the flags of docs/interleavings.md, linked
/// against the runtime's calls (lock, unlock, wait, signal, join; C files get them from <fiberscope.h>). `lowering` is
/// O0, O2, or assembly.
emu::Result<ThreadProgram> build_source(const std::string& target, const std::string& lowering);

/// The typed statements as C, compiled. Fails where the compiler left out a variable that a thread assigns.
emu::Result<ThreadProgram> compile_threads(const TypedThreads& typed, const std::string& lowering);

/// The guest that runs the threads of a replay.
enum class ReplayRuntime : std::uint8_t {
  one_processor,  ///< its scheduler shares one processor among them (asm/programs/replay_runtime.c)
  processors      ///< each has a processor to itself (asm/programs/replay_processors.c)
};
/// The name of its program.
std::string_view to_string(ReplayRuntime runtime);

/// The same code linked with such a guest, which has not been told yet what to run.
struct LinkedGuest {
  emu::Image image;
  std::map<std::string, std::string> sources;  ///< those that no file holds, by the name in the debug information
};
emu::Result<LinkedGuest> link_guest(const std::string& target, const std::string& lowering, ReplayRuntime runtime);
emu::Result<LinkedGuest> link_guest(const TypedThreads& typed, const std::string& lowering, ReplayRuntime runtime);

/// Assembly text as for assemble_text(); `texts` are the sources that its line markers name.
emu::Result<LinkedGuest> link_text(const std::string& text, const std::string& file,
                                   std::map<std::string, std::string> texts, ReplayRuntime runtime);

/// The statement that a line of that C holds; empty where it holds none.
std::string typed_place(const TypedThreads& typed, std::size_t line);

/// Assembly text in AT&T syntax with thread_1 … thread_n; its messages name `file` as its line markers do.
emu::Result<ThreadProgram> assemble_text(const std::string& text, const std::string& file);

}  // namespace fiberscope::core::explore

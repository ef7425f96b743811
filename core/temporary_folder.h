#pragma once
#include <string>

#include "emu/result.h"

namespace fiberscope::core {

/// Makes a folder of this process under $TMPDIR, or /tmp where that is not set. Whoever asked removes it.
emu::Result<std::string> make_temporary_folder();

}  // namespace fiberscope::core

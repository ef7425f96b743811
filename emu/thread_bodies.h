#pragma once
#include <vector>

#include "emu/body_schedule.h"
#include "emu/image.h"
#include "emu/image_patch.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// Writes into an image what a schedule of it counts, so that the image alone says it.
Result<void> add_thread_bodies(ImagePatch& patch, const std::vector<ThreadBody>& bodies);

/// What such an image says; empty for any other, and for a damaged one.
std::vector<ThreadBody> thread_bodies(const Image& image);

}  // namespace fiberscope::emu

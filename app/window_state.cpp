#include "app/window_state.h"

#include <algorithm>

namespace fiberscope::app {

float window_scale(float width, float height, const WindowState& state) {
  const float fit = std::min(width / 1600.f, height / 900.f);
  const float scale = fit * static_cast<float>(state.user_scale) * (state.focus ? kFocusScale : 1.f);
  return std::clamp(scale, 0.3f, 5.f);
}

}  // namespace fiberscope::app

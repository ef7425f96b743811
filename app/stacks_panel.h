#pragma once
#include <map>

#include "app/stack_column.h"

namespace fiberscope::app {

/// The stacks: two columns, a strip for every other thread, and the tags of rsp, rbp and the saved stack pointers,
/// which follow the registers' values wherever they lie.
class StacksPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_strip(Canvas& canvas, const View& view, core::ThreadId thread, const Rect& area, Commands& commands);

  std::map<core::ThreadId, StackColumnState> columns_;
};

/// The words on the left of the columns, pushed apart where they would cover each other.
struct StackTag {
  enum class Kind : std::uint8_t { rsp, rbp, saved_rsp, other_rbp /* of a processor that did not run the step */ };
  Kind kind = Kind::rsp;
  Point tip;    ///< the left edge of the line it points at
  float y = 0;  ///< middle of its box
  core::CpuId cpu{};
};
/// Gives each tag of one gutter its y: as near to its tip as may be, at least `height` from the next, within top …
/// bottom.
void spread_tags(std::vector<StackTag>& tags, float height, float top, float bottom);

}  // namespace fiberscope::app
